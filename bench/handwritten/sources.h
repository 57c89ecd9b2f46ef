#ifndef SOURCES_H
#define SOURCES_H

// The text of MODULE.cu; NULL where there is none.
const char *kernel_text(const char *module);

#endif
