#ifndef SOURCES_H
#define SOURCES_H

// The text of MODULE.cu; NULL where there is none.
const char *kernel_text(const char *module);

// What the texts include.
enum { HEADERS = 4 };
extern const char *const header_names[HEADERS], *const header_texts[HEADERS];

#endif
