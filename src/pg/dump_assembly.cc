#include "pg/dump_assembly.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "pg/copy_statement.h"

namespace hf {
namespace {

using TableKey = std::pair<std::string, std::string>;  // schema, table

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0x80) == 0; });
}

// The statements of an archive are in its own encoding, our names in UTF-8.
bool is_utf8(const PgDump& archive) {
  return std::any_of(archive.entries.begin(), archive.entries.end(), [](const PgDumpEntry& entry) {
    return entry.is("ENCODING") && entry.definition && entry.definition->find("'UTF8'") != std::string::npos;
  });
}

bool is_expressible(const PgDumpRows& table) {
  return is_ascii(table.schema) && is_ascii(table.table) &&
         std::all_of(table.columns.begin(), table.columns.end(),
                     [](const std::string& name) { return is_ascii(name); });
}

PgDumpEntry make_rows_entry(const PgDumpRows& table, const PgDumpEntry* definition, int64_t dump_id) {
  PgDumpEntry entry;
  entry.dump_id = dump_id;
  entry.has_dumper = 1;
  entry.table_oid = "0";
  entry.oid = "0";
  entry.tag = table.table;
  entry.description = "TABLE DATA";
  entry.section = static_cast<int64_t>(PgDumpSection::Data);
  entry.copy = format_copy_statement({table.schema, table.table, table.columns});
  entry.schema = table.schema;
  entry.with_oids = "false";
  entry.data_state = PgDumpDataState::NotSet;
  if (definition != nullptr) {  // none: a table that an extension made
    entry.oid = definition->oid;
    entry.owner = definition->owner;
    // pg_restore takes the first one for the table itself, and lets what needs the table wait for its rows.
    entry.dependencies = {std::to_string(definition->dump_id)};
  }
  return entry;
}

// Behind all that must be there before rows, before all that must come after them.
size_t rows_position(const std::vector<PgDumpEntry>& entries) {
  const auto is_later = [](const PgDumpEntry& entry) {
    return entry.section >= static_cast<int64_t>(PgDumpSection::Data);
  };
  return static_cast<size_t>(std::find_if(entries.begin(), entries.end(), is_later) - entries.begin());
}

}  // namespace

Status PgDumpAssembly::add_tables() {
  std::map<TableKey, const PgDumpEntry*> definitions;
  int64_t last_id = 0;
  for (const PgDumpEntry& entry : source_->archive.entries) {
    last_id = std::max(last_id, entry.dump_id);
    if (!entry.tag) continue;
    if (entry.is("TABLE")) definitions[{entry.schema.value_or(""), *entry.tag}] = &entry;
  }
  const bool in_utf8 = is_utf8(source_->archive);
  std::vector<PgDumpEntry> added;
  for (const PgDumpRows& table : tables_) {
    if (!in_utf8 && !is_expressible(table))
      return Error(Code::Unsupported,
                   "table " + table.table + " has a name that the database's encoding writes in another way")
          .with_hint("restore the point, and dump the database with pg_dump");
    const auto found = definitions.find({table.schema, table.table});
    added.push_back(make_rows_entry(table, found == definitions.end() ? nullptr : found->second, ++last_id));
  }
  if (last_id > INT32_MAX) return Error(Code::Corrupt, "the archive numbers its entries beyond what PostgreSQL can");
  std::set<TableKey> keys;
  for (const PgDumpRows& table : tables_) keys.emplace(table.schema, table.table);
  for (const PgDumpEntry& entry : source_->archive.entries)
    if (entry.is("TABLE DATA") && keys.contains({entry.schema.value_or(""), entry.tag.value_or("")}))
      return Error(Code::Invalid, "the archive has rows of table " + *entry.tag + " already");
  archive_ = source_->archive;
  const size_t at = rows_position(archive_.entries);
  archive_.entries.insert(archive_.entries.begin() + static_cast<std::ptrdiff_t>(at),
                          std::make_move_iterator(added.begin()), std::make_move_iterator(added.end()));
  for (size_t i = 0; i < tables_.size(); ++i) parts_.push_back({.entry = at + i, .table = i});
  return {};
}

// In the order of the entries, as pg_dump does it.
void PgDumpAssembly::place_parts() {
  std::unordered_map<int64_t, size_t> entries;
  for (size_t i = 0; i < archive_.entries.size(); ++i) entries[archive_.entries[i].dump_id] = i;
  for (const PgDumpBlock& block : source_->blocks)
    parts_.push_back({.entry = entries.at(block.dump_id), .block = &block});
  std::sort(parts_.begin(), parts_.end(), [](const Part& a, const Part& b) { return a.entry < b.entry; });
  uint64_t at = encode(archive_).size();
  for (const Part& part : parts_) {
    PgDumpEntry& entry = archive_.entries[part.entry];
    entry.data_state = PgDumpDataState::NotSet;
    entry.data_offset = 0;
    if (to_ != PgDumpCompression::None || from_ != PgDumpCompression::None) continue;
    entry.data_state = PgDumpDataState::Set;
    entry.data_offset = at;
    at += part.block != nullptr ? part.block->length
                                : encode_pg_dump_block_head(PgDumpBlock::Type::Data, 1).size() +
                                      PgDumpDataWriter::length_of(tables_[part.table].bytes + pg_rows_end.size());
  }
  length_ = at;
}

Result<PgDumpAssembly> PgDumpAssembly::plan(ByteRange schema, std::vector<PgDumpRows> tables, PgDumpCompression to) {
  PgDumpAssembly assembly;
  assembly.schema_ = std::move(schema);
  assembly.source_ = std::make_unique<PgOpenDump>(HF_TRY(read_pg_dump(assembly.schema_)));
  assembly.tables_ = std::move(tables);
  assembly.from_ = HF_TRY(assembly.source_->archive.head.compression());
  assembly.to_ = to;
  if (to == PgDumpCompression::None && assembly.from_ != PgDumpCompression::None)
    return Error(Code::Unsupported, "the archive is compressed, so its length without compression is not known");
  HF_TRY(assembly.add_tables());
  assembly.archive_.head.set_compression(to);
  assembly.place_parts();
  return assembly;
}

Status PgDumpAssembly::write_rows(const PgDumpRows& table, const std::function<Status(BytesView)>& put) const {
  PgDumpDataWriter data(to_, put);
  uint64_t bytes = 0;
  HF_TRY(table.read([&](BytesView rows) {
    bytes += rows.size();
    return data.add(rows);
  }));
  if (bytes != table.bytes)
    return Error(Code::Corrupt, "the rows of table " + table.table + " are not as long as recorded");
  HF_TRY(data.add(as_bytes(pg_rows_end)));
  return data.finish();
}

Status PgDumpAssembly::write(const std::function<Status(BytesView)>& put) {
  uint64_t at = 0;
  const auto counted = [&](BytesView bytes) {
    at += bytes.size();
    return put(bytes);
  };
  HF_TRY(counted(beginning()));
  for (const Part& part : parts_) {
    PgDumpEntry& entry = archive_.entries[part.entry];
    HF_ASSERT(entry.data_state == PgDumpDataState::NotSet || entry.data_offset == at);
    entry.data_state = PgDumpDataState::Set;
    entry.data_offset = at;
    if (part.block != nullptr) {
      HF_TRY(copy_pg_dump_block(schema_, *part.block, {.from = from_, .to = to_, .dump_id = entry.dump_id}, counted));
    } else {
      HF_TRY(counted(encode_pg_dump_block_head(PgDumpBlock::Type::Data, entry.dump_id)));
      HF_TRY(write_rows(tables_[part.table], counted));
    }
  }
  length_ = at;
  return {};
}

}  // namespace hf
