#include "vtlscope.h"
