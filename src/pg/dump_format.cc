#include "pg/dump_format.h"

#include <algorithm>
#include <unordered_map>

#include "pg/dump_cursor.h"

namespace hf {
namespace {

constexpr std::string_view magic = "PGDMP";
constexpr uint8_t minor_min = 12, minor_max = 16, minor_with_algorithm = 15, minor_with_table_am = 14,
                  minor_with_relkind = 16;
constexpr uint8_t int_bytes = 4, offset_bytes = 8, format_custom = 1;
// 48 bytes at least make an entry; what is read of all entries stays below this, however many there are.
constexpr uint64_t contents_bytes_max = 1u << 30;
constexpr uint64_t entry_bytes_min = 48;

void append_text(Bytes& to, const PgDumpEntry::Text& text) {
  append_pg_dump_int(to, text ? static_cast<int64_t>(text->size()) : -1);
  if (text) append(to, as_bytes(*text));
}

void append_byte(Bytes& to, uint8_t byte) {
  to.push_back(static_cast<std::byte>(byte));
}

Status expect(bool right, const char* what) {
  return right ? Status() : Status(Error(Code::Corrupt, std::string("the archive ") + what));
}

void append_entry(Bytes& to, const PgDumpEntry& entry, uint8_t minor) {
  append_pg_dump_int(to, entry.dump_id);
  append_pg_dump_int(to, entry.has_dumper);
  for (const auto* text : {&entry.table_oid, &entry.oid, &entry.tag, &entry.description}) append_text(to, *text);
  append_pg_dump_int(to, entry.section);
  for (const auto* text : {&entry.definition, &entry.drop, &entry.copy, &entry.schema, &entry.tablespace})
    append_text(to, *text);
  if (minor >= minor_with_table_am) append_text(to, entry.table_am);
  if (minor >= minor_with_relkind) append_pg_dump_int(to, entry.relkind);
  append_text(to, entry.owner);
  append_text(to, entry.with_oids);
  for (const std::string& dependency : entry.dependencies) append_text(to, dependency);
  append_text(to, std::nullopt);
  append_byte(to, static_cast<uint8_t>(entry.data_state));
  append_le(to, entry.data_offset);
}

// Past the pieces of one stream of data, to behind the zero that ends it.
Status skip_pieces(PgDumpCursor& in) {
  for (;;) {
    const int64_t length = HF_TRY(in.integer());
    HF_TRY(expect(length >= 0, "has a piece of data of negative length"));
    if (length == 0) return {};
    HF_TRY(in.skip(static_cast<uint64_t>(length)));
  }
}

Result<PgDumpBlock> read_block(PgDumpCursor& in) {
  PgDumpBlock block{.offset = in.offset()};
  const uint8_t type = HF_TRY(in.byte());
  HF_TRY(expect(type == 1 || type == 3, "has a block of an unknown type"));
  block.type = static_cast<PgDumpBlock::Type>(type);
  block.dump_id = HF_TRY(in.integer());
  if (block.type == PgDumpBlock::Type::Data) HF_TRY(skip_pieces(in));
  while (block.type == PgDumpBlock::Type::LargeObjects && HF_TRY(in.integer()) != 0) {
    HF_TRY(skip_pieces(in));
    ++block.objects;
  }
  block.length = in.offset() - block.offset;
  return block;
}

// Each block belongs to an entry, and each entry with data has its block.
Status read_blocks(PgOpenDump& open, PgDumpCursor& in) {
  std::unordered_map<int64_t, bool> has_block;
  for (const PgDumpEntry& entry : open.archive.entries)
    if (entry.has_dumper != 0 && entry.data_state != PgDumpDataState::NoData) has_block.emplace(entry.dump_id, false);
  while (!in.is_at_end()) {
    const PgDumpBlock block = HF_TRY(read_block(in));
    const auto entry = has_block.find(block.dump_id);
    HF_TRY(expect(entry != has_block.end(), "has data that belongs to no entry"));
    HF_TRY(expect(!entry->second, "has data of one entry twice"));
    entry->second = true;
    open.blocks.push_back(block);
  }
  const bool all = std::all_of(has_block.begin(), has_block.end(), [](const auto& entry) { return entry.second; });
  return expect(all, "lacks data of entries: it was cut short");
}

Result<PgOpenDump> read_contents(PgDumpCursor& in) {
  PgOpenDump open;
  open.archive.head = HF_TRY(read_pg_dump_head(in));
  const int64_t count = HF_TRY(in.integer());
  HF_TRY(expect(count >= 0 && static_cast<uint64_t>(count) <= in.left() / entry_bytes_min,
                "has more entries than it has bytes for"));
  std::unordered_map<int64_t, bool> ids;
  const uint64_t begin = in.offset();
  for (int64_t i = 0; i < count; ++i) {
    open.archive.entries.push_back(HF_TRY(read_pg_dump_entry(in, open.archive.head.minor)));
    HF_TRY(expect(ids.emplace(open.archive.entries.back().dump_id, true).second, "has two entries of one number"));
    HF_TRY(expect(in.offset() - begin <= contents_bytes_max, "has a table of contents of more than 1 GiB"));
  }
  open.data_offset = in.offset();
  return open;
}

}  // namespace

Result<PgDumpHead> read_pg_dump_head(PgDumpCursor& in) {
  std::byte start[5];
  HF_TRY(in.read(start));
  HF_TRY(expect(as_text(start) == magic, "does not begin as pg_dump's custom format does"));
  PgDumpHead head;
  const uint8_t major = HF_TRY(in.byte());
  head.minor = HF_TRY(in.byte());
  head.revision = HF_TRY(in.byte());
  if (major != 1 || head.minor < minor_min || head.minor > minor_max)
    return Error(Code::Unsupported, "the archive is of version " + std::to_string(major) + "." +
                                        std::to_string(head.minor) + ", and those from 1.12 to 1.16 can be read")
        .with_hint("restore it with the pg_restore that belongs to it, and dump it again");
  const uint8_t ints = HF_TRY(in.byte()), offsets = HF_TRY(in.byte()), format = HF_TRY(in.byte());
  if (ints != int_bytes || offsets != offset_bytes)
    return Error(Code::Unsupported, "the archive was made on a machine with other integers");
  HF_TRY(expect(format == format_custom, "is not of the custom format"));
  if (head.minor >= minor_with_algorithm)
    head.algorithm = HF_TRY(in.byte());
  else
    head.level = HF_TRY(in.integer());
  for (int64_t& part : head.time) part = HF_TRY(in.integer());
  head.database = HF_TRY(in.text());
  head.server_version = HF_TRY(in.text());
  head.dump_version = HF_TRY(in.text());
  return head;
}

Result<PgDumpEntry> read_pg_dump_entry(PgDumpCursor& in, uint8_t minor) {
  PgDumpEntry entry;
  entry.dump_id = HF_TRY(in.integer());
  HF_TRY(expect(entry.dump_id > 0, "has an entry without a number"));
  entry.has_dumper = HF_TRY(in.integer());
  entry.table_oid = HF_TRY(in.text());
  entry.oid = HF_TRY(in.text());
  entry.tag = HF_TRY(in.text());
  entry.description = HF_TRY(in.text());
  entry.section = HF_TRY(in.integer());
  entry.definition = HF_TRY(in.text());
  entry.drop = HF_TRY(in.text());
  entry.copy = HF_TRY(in.text());
  entry.schema = HF_TRY(in.text());
  entry.tablespace = HF_TRY(in.text());
  if (minor >= minor_with_table_am) entry.table_am = HF_TRY(in.text());
  if (minor >= minor_with_relkind) entry.relkind = HF_TRY(in.integer());
  entry.owner = HF_TRY(in.text());
  entry.with_oids = HF_TRY(in.text());
  while (std::optional<std::string> dependency = HF_TRY(in.text()))
    entry.dependencies.push_back(std::move(*dependency));
  const uint8_t state = HF_TRY(in.byte());
  HF_TRY(expect(state >= 1 && state <= 3, "has an entry with an unknown kind of offset"));
  entry.data_state = static_cast<PgDumpDataState>(state);
  entry.data_offset = HF_TRY(in.little_endian_64());
  return entry;
}

Result<PgDumpCompression> PgDumpHead::compression() const {
  if (minor < minor_with_algorithm) return level == 0 ? PgDumpCompression::None : PgDumpCompression::Gzip;
  if (algorithm <= static_cast<uint8_t>(PgDumpCompression::Zstd)) return static_cast<PgDumpCompression>(algorithm);
  return Error(Code::Unsupported, "the archive is compressed by a method that this version does not know");
}

void PgDumpHead::set_compression(PgDumpCompression compression) {
  if (minor >= minor_with_algorithm) {
    algorithm = static_cast<uint8_t>(compression);
  } else {
    HF_ASSERT(compression == PgDumpCompression::None || compression == PgDumpCompression::Gzip);
    level = compression == PgDumpCompression::None ? 0 : -1;
  }
}

void append_pg_dump_int(Bytes& to, int64_t value) {
  append_byte(to, value < 0 ? 1 : 0);
  append_le(to, static_cast<uint32_t>(value < 0 ? -value : value));
}

Bytes encode(const PgDump& archive) {
  const PgDumpHead& head = archive.head;
  Bytes to = to_bytes(magic);
  for (const uint8_t byte : {uint8_t{1}, head.minor, head.revision, int_bytes, offset_bytes, format_custom})
    append_byte(to, byte);
  if (head.minor >= minor_with_algorithm)
    append_byte(to, head.algorithm);
  else
    append_pg_dump_int(to, head.level);
  for (const int64_t part : head.time) append_pg_dump_int(to, part);
  for (const auto* text : {&head.database, &head.server_version, &head.dump_version}) append_text(to, *text);
  append_pg_dump_int(to, static_cast<int64_t>(archive.entries.size()));
  for (const PgDumpEntry& entry : archive.entries) append_entry(to, entry, head.minor);
  return to;
}

bool looks_like_pg_dump(BytesView first) {
  return as_text(first).starts_with(magic);
}

Result<PgOpenDump> read_pg_dump_contents(const ByteRange& file) {
  PgDumpCursor in(file, 0);
  return read_contents(in);
}

Result<PgOpenDump> read_pg_dump(const ByteRange& file) {
  PgDumpCursor in(file, 0);
  PgOpenDump open = HF_TRY(read_contents(in));
  HF_TRY(read_blocks(open, in));
  return open;
}

}  // namespace hf
