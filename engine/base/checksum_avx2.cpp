#define VARVE_KERNEL checksum_kernel_avx2
#include "engine/base/checksum_kernel.inc"
