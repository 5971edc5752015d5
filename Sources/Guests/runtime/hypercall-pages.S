// One hypercall page per VTL, replaced by the machine's own contents when it is enabled. Code runs there, so
// each has a name of its own: an idle VTL1 stands in its page, behind the VMCALL of the VTL return.

.bss
.align 4096
.globl hypercall_pages
.type hypercall_pages, @object
hypercall_pages:
.type vtl0_hypercall_page, @function
vtl0_hypercall_page:
  .skip 4096
.type vtl1_hypercall_page, @function
vtl1_hypercall_page:
  .skip 4096
