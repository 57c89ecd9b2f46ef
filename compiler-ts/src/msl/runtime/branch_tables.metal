// The number of the target that entry `index` of a table of `length` entries names; 0, the default, behind its end (section 4.4.8, br_table). An entry has
// 1, 2, 4, 8 or 16 bits; the table starts at a multiple of 8 in the image.
static inline uint wb_branch_target(thread wb_instance& instance, uint image_offset, uint length, uint bits, uint index) {
  uint target = 0u;
  if (index < length) {
    constant uint* words = (constant uint*)(instance.image + image_offset);
    uint bit = index * bits;
    target = (words[bit >> 5] >> (bit & 31u)) & (0xffffffffu >> ((32u - bits) & 31u));
  }
  return target;
}
