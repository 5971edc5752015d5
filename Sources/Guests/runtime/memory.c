// What clang may call in a freestanding program.
#include <stddef.h>
#include <stdint.h>

void *memset(void *destination, int value, size_t count) {
  void *at = destination;
  __asm__ volatile("rep stosb" : "+D"(at), "+c"(count) : "a"(value) : "memory");
  return destination;
}

void *memcpy(void *restrict destination, const void *restrict source, size_t count) {
  void *at = destination;
  __asm__ volatile("rep movsb" : "+D"(at), "+S"(source), "+c"(count) : : "memory");
  return destination;
}
