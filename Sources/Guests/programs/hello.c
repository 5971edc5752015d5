void guest_main(void) {}
void _start(void) {
  const char *s = "hello\n";
  while (*s) __asm__ volatile("outb %0, %1" : : "a"(*s++), "d"((unsigned short)0x3F8));
  __asm__ volatile("outl %0, %1" : : "a"(0), "d"((unsigned short)0xF4));
}
