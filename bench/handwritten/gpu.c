// The first NVIDIA GPU, by the driver API's dlopen. CUDA_VISIBLE_DEVICES chooses another.
#include "device.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "nvrtc.h"

// Names, types and numbers are those of cuda.h; the suffix _v2 is what the header's macros add.
typedef int CUdevice;
typedef struct context *CUcontext;
typedef struct module *CUmodule;
typedef struct function *CUfunction;
typedef struct stream *CUstream;
typedef struct event *CUevent;
typedef uint64_t CUdeviceptr;

enum { LIMIT_STACK_SIZE = 0, MULTIPROCESSOR_COUNT = 16, COMPUTE_CAPABILITY_MAJOR = 75, COMPUTE_CAPABILITY_MINOR = 76, MAX_SHARED_MEMORY_PER_BLOCK_OPTIN = 97 };
// Of functions.
enum { MAX_THREADS_PER_BLOCK = 0, MAX_DYNAMIC_SHARED_SIZE_BYTES = 8 };

#define DRIVER(function)                                        \
  function(cuInit, (unsigned));                                 \
  function(cuDeviceGet, (CUdevice *, int));                     \
  function(cuDeviceGetAttribute, (int *, int, CUdevice));       \
  function(cuDevicePrimaryCtxRetain, (CUcontext *, CUdevice));  \
  function(cuCtxSetCurrent, (CUcontext));                       \
  function(cuCtxSetLimit, (int, size_t));                       \
  function(cuModuleLoadData, (CUmodule *, const void *));       \
  function(cuModuleGetFunction, (CUfunction *, CUmodule, const char *)); \
  function(cuFuncGetAttribute, (int *, int, CUfunction));       \
  function(cuFuncSetAttribute, (CUfunction, int, int));         \
  function(cuMemGetInfo_v2, (size_t *, size_t *));              \
  function(cuMemAlloc_v2, (CUdeviceptr *, size_t));             \
  function(cuMemcpyHtoD_v2, (CUdeviceptr, const void *, size_t)); \
  function(cuMemcpyDtoH_v2, (void *, CUdeviceptr, size_t));     \
  function(cuMemsetD8_v2, (CUdeviceptr, unsigned char, size_t)); \
  function(cuEventCreate, (CUevent *, unsigned));               \
  function(cuEventRecord, (CUevent, CUstream));                 \
  function(cuEventSynchronize, (CUevent));                      \
  function(cuEventElapsedTime, (float *, CUevent, CUevent));    \
  function(cuLaunchKernel, (CUfunction, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, CUstream, void **, void **)); \
  function(cuGetErrorString, (int, const char **))

#define DECLARE(name, parameters) static int(*name) parameters
DRIVER(DECLARE);

// Frames of recursive kernels: 26 levels of fib, 12 of place.
enum { STACK_BYTES = 4096 };

static struct {
  CUmodule module;
  CUdeviceptr arguments, results, memory;
  size_t result_bytes;
  int multiprocessors, most_shared_bytes;
  CUevent start, end;
} gpu;

static void check(const char *call, int status) {
  if (!status) return;
  const char *text = NULL;
  cuGetErrorString(status, &text);
  fprintf(stderr, "%s: %s\n", call, text ? text : "unknown error");
  exit(1);
}
#define CHECK(function, ...) check(#function, function(__VA_ARGS__))

static void load_driver(void) {
  void *library = dlopen("libcuda.so.1", RTLD_NOW);
#define LOAD(name, parameters) \
  if (library && !(*(void **)&name = dlsym(library, #name))) library = NULL
  DRIVER(LOAD);
  if (library) return;
  fprintf(stderr, "no driver for NVIDIA GPUs: %s\n", dlerror());
  exit(1);
}

void device_load(const char *module) {
  load_driver();
  CUdevice device;
  CUcontext context;
  int major, minor;
  CHECK(cuInit, 0);
  CHECK(cuDeviceGet, &device, 0);
  CHECK(cuDeviceGetAttribute, &major, COMPUTE_CAPABILITY_MAJOR, device);
  CHECK(cuDeviceGetAttribute, &minor, COMPUTE_CAPABILITY_MINOR, device);
  CHECK(cuDeviceGetAttribute, &gpu.multiprocessors, MULTIPROCESSOR_COUNT, device);
  CHECK(cuDeviceGetAttribute, &gpu.most_shared_bytes, MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, device);
  CHECK(cuDevicePrimaryCtxRetain, &context, device);
  CHECK(cuCtxSetCurrent, context);
  CHECK(cuCtxSetLimit, LIMIT_STACK_SIZE, STACK_BYTES);
  CHECK(cuEventCreate, &gpu.start, 0);
  CHECK(cuEventCreate, &gpu.end, 0);
  char architecture[32];
  snprintf(architecture, sizeof architecture, "sm_%d%d", major, minor);
  CHECK(cuModuleLoadData, &gpu.module, compile_kernels(module, architecture).code);
}

void device_check(const char *module, const char *architecture) { fputs(compile_kernels(module, architecture).log, stdout); }

void device_set_records(const void *arguments, size_t argument_bytes, size_t result_bytes) {
  gpu.result_bytes = result_bytes;
  CHECK(cuMemAlloc_v2, &gpu.arguments, argument_bytes);
  CHECK(cuMemAlloc_v2, &gpu.results, result_bytes);
  CHECK(cuMemcpyHtoD_v2, gpu.arguments, arguments, argument_bytes);
}

void device_set_memory(size_t bytes, uint32_t instances) {
  size_t needed = bytes * ((instances + (size_t)31) / 32 * 32), free, total;
  CHECK(cuMemGetInfo_v2, &free, &total);
  if (!cuMemAlloc_v2(&gpu.memory, needed)) return;
  fprintf(stderr, "%u instances with %zu bytes each need %.1f GB of the GPU's memory, of which %.1f GB are free\n", instances, bytes, (double)needed * 1e-9, (double)free * 1e-9);
  exit(1);
}

double device_run(const struct kernel *kernel, unsigned threads, uint32_t instances) {
  CUfunction function;
  int most_threads;
  CHECK(cuModuleGetFunction, &function, gpu.module, kernel->name);
  CHECK(cuFuncGetAttribute, &most_threads, MAX_THREADS_PER_BLOCK, function);
  unsigned shared = kernel->shared_bytes * threads, blocks = (instances + threads - 1) / threads;
  if (threads > (unsigned)most_threads || shared > (unsigned)gpu.most_shared_bytes) return -1;
  if (kernel->resident) {
    unsigned resident = (unsigned)gpu.multiprocessors * (kernel->resident / threads);
    if (!resident) return -1;
    if (blocks > resident) blocks = resident;
  }
  CHECK(cuFuncSetAttribute, function, MAX_DYNAMIC_SHARED_SIZE_BYTES, (int)shared);
  // No result of an earlier round passes for one of this.
  CHECK(cuMemsetD8_v2, gpu.results, 0xee, gpu.result_bytes);
  void *parameters[] = {&gpu.arguments, &gpu.results, &instances, &gpu.memory};
  CHECK(cuEventRecord, gpu.start, NULL);
  CHECK(cuLaunchKernel, function, blocks, 1, 1, threads, 1, 1, shared, NULL, parameters, NULL);
  CHECK(cuEventRecord, gpu.end, NULL);
  CHECK(cuEventSynchronize, gpu.end);
  float milliseconds;
  CHECK(cuEventElapsedTime, &milliseconds, gpu.start, gpu.end);
  return milliseconds * 1e-3;
}

void device_copy_results(void *results) { CHECK(cuMemcpyDtoH_v2, results, gpu.results, gpu.result_bytes); }
