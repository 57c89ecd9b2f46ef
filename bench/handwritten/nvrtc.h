// CUDA C++ to a GPU's code, by NVIDIA's runtime compiler, which is opened when it is first asked: WASMBURST_NVRTC or the loader's path has it.
#ifndef NVRTC_H
#define NVRTC_H

struct compiled {
  void *code;
  // What ptxas says of registers, stack and spills.
  char *log;
};

// The kernels of MODULE.cu for an architecture like "sm_90". What fails ends the process with the reason on stderr.
struct compiled compile_kernels(const char *module, const char *architecture);

#endif
