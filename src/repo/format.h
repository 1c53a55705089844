// Limits and constants of repository format 1; docs/FORMAT.md is the description.
//
// Arithmetic: 1 TiB of database dumps cut to 256 KiB on average is 4 M chunks; an index entry is 24 bytes: 100 MB to
// fetch and to keep on disk. At the customary 64 KiB it would be 400 MB, so fine changes are found by pieces
// (repo/cutter.h) and not by small chunks.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hf {

inline constexpr uint16_t format_major = 1;
inline constexpr uint16_t format_minor = 0;

inline constexpr size_t pack_header_bytes = 80;
inline constexpr size_t pack_footer_bytes = 32;
inline constexpr size_t pack_align_bytes = 4096;
inline constexpr uint64_t pack_bytes_max = 256u << 20;
inline constexpr size_t data_pack_bytes = 32u << 20;
inline constexpr size_t meta_pack_bytes = 8u << 20;

inline constexpr size_t group_bytes_max = 8u << 20;  // raw
inline constexpr size_t chunk_bytes_max = 8u << 20;
inline constexpr size_t meta_chunk_bytes_max = 2u << 20;
inline constexpr size_t trailer_bytes_max = 64u << 20;  // decompressed
inline constexpr size_t manifest_bytes_max = 64u << 20;
inline constexpr size_t small_object_bytes_max = 64u << 20;  // any signed object or box that is read whole
inline constexpr uint32_t list_depth_max = 8;
inline constexpr size_t fingerprint_bytes = 16;
inline constexpr size_t id_prefix_bytes = 16;

inline constexpr size_t small_file_bytes_max = 64u << 10;  // kept whole, in groups with its neighbours

}  // namespace hf
