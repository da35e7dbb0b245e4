#define VARVE_KERNEL checksum_kernel_baseline
#include "engine/base/checksum_kernel.inc"
