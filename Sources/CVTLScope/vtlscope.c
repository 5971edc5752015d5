// The header is complete in itself; this file gives SwiftPM a source to compile, which checks the header's asserts.
#include "vtlscope.h"
