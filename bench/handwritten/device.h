// The device that the kernels run on: gpu.c, or test/bench/handwritten for a CPU. Whatever fails ends the process with its reason on stderr.
#ifndef DEVICE_H
#define DEVICE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Its parameters are the records of arguments, those of results, how many, and the instances' memory where there is one.
struct kernel {
  const char *name;
  // Of the block's shared memory, for each of its threads.
  unsigned shared_bytes;
  // Threads a multiprocessor, which take one instance after the other; 0: a thread for each instance.
  unsigned resident;
};

// Compiles the kernels of MODULE.cu for the device.
void device_load(const char *module);

// Compiles the kernels of MODULE.cu for an architecture like "sm_90", without a GPU, and prints what the compiler says of their registers, stack and spills.
void device_check(const char *module, const char *architecture);

// What the kernels read, and room for their results.
void device_set_records(const void *arguments, size_t argument_bytes, size_t result_bytes);

// Memory that the kernels find as it was left, `bytes` for each instance of whole warps.
void device_set_memory(size_t bytes, uint32_t instances);

// Runs the kernel over the instances, `threads` to a block. Seconds by the device's own clock; negative where it cannot have such a block.
double device_run(const struct kernel *kernel, unsigned threads, uint32_t instances);

void device_copy_results(void *results);

#ifdef __cplusplus
}
#endif

#endif
