#include "exchange/postgres_import.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <unordered_map>

#include "base/text.h"
#include "crypto/hash.h"
#include "exchange/postgres_roles.h"
#include "pg/copy_statement.h"
#include "pg/dump_data.h"
#include "pg/names.h"
#include "pg/row_digest.h"
#include "pg/rows_end.h"
#include "pg/toc.h"
#include "source/postgres_tree.h"

namespace hf {
namespace {

constexpr size_t gathered_max = 256 << 10;
constexpr std::string_view bootstrap_role = "postgres";

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0x80) == 0; });
}

// Behind `name` and `=`, in quotes: of "CREATE DATABASE … LC_COLLATE = 'C'".
std::string setting_in(std::string_view statement, std::string_view name) {
  const std::string begin = " " + std::string(name) + " = '";
  const size_t at = statement.find(begin);
  if (at == statement.npos) return {};
  const size_t from = at + begin.size();
  return std::string(statement.substr(from, statement.find('\'', from) - from));
}

const PgDumpEntry* find_entry(const PgDump& dump, std::string_view description) {
  const auto found = std::find_if(dump.entries.begin(), dump.entries.end(),
                                  [&](const PgDumpEntry& entry) { return entry.is(description) && entry.definition; });
  return found == dump.entries.end() ? nullptr : &*found;
}

// The archive's own local time, of a zone that it does not tell.
std::string time_of(const PgDumpHead& head) {
  const auto two = [](int64_t value) { return (value < 10 ? "0" : "") + std::to_string(value); };
  return std::to_string(head.time[5] + 1900) + "-" + two(head.time[4] + 1) + "-" + two(head.time[3]) + "T" +
         two(head.time[2]) + ":" + two(head.time[1]) + ":" + two(head.time[0]) + "Z";
}

struct TableBlock {
  PgTocTable table;
  const PgDumpBlock* block = nullptr;
  int64_t dump_id = 0;
};

// One archive, read and divided.
class Database {
 public:
  Database(ByteRange dump, PostgresTree& tree, bool is_ours) : dump_(std::move(dump)), tree_(tree), is_ours_(is_ours) {}

  Status open() {
    open_ = HF_TRY(read_pg_dump(dump_));
    compression_ = HF_TRY(open_.archive.head.compression());
    name_ = open_.archive.head.database.value_or("");
    if (name_.empty()) return Error(Code::Corrupt, "the archive does not say which database it is of");
    directory_ = "databases/" + pg_file_name(name_);
    choose_tables();
    find_comparable();
    return {};
  }
  const std::string& name() const { return name_; }
  const std::string& directory() const { return directory_; }
  const PgDump& contents() const { return open_.archive; }
  int server_version() const { return parse_server_version(open_.archive.head.server_version.value_or("")); }

  Status give(const std::stop_token& stop) {
    fill_toc();
    HF_TRY(tree_.directory(directory_));
    HF_TRY(give_schema());
    HF_TRY(tree_.directory(directory_ + "/tables"));
    for (size_t i = 0; i < tables_.size(); ++i) {
      if (stop.stop_requested()) return Error(Code::Cancelled, "asked to stop");
      if (i == 0 || tables_[i].table.schema != tables_[i - 1].table.schema)
        HF_TRY(tree_.directory(directory_ + "/tables/" + pg_file_name(tables_[i].table.schema)));
      HF_TRY(give_table(tables_[i]).during("table " + printable(tables_[i].table.name)));
    }
    HF_TRY(tree_.file(directory_ + "/toc.json", to_bytes(encode_toc(toc_))));
    give_facts();
    return {};
  }

 private:
  // Times with a zone are written in the zone of the session that dumped them; of tables that are not defined here
  // nothing is known.
  void find_comparable() {
    for (const PgDumpEntry& entry : open_.archive.entries)
      if (entry.is("TABLE") && entry.schema && entry.tag && entry.definition &&
          entry.definition->find("with time zone") == std::string::npos &&
          entry.definition->find("tstz") == std::string::npos)
        comparable_.emplace(*entry.schema, *entry.tag);
  }

  void choose_tables() {
    std::unordered_map<int64_t, const PgDumpBlock*> blocks;
    for (const PgDumpBlock& block : open_.blocks)
      if (block.type == PgDumpBlock::Type::Data) blocks[block.dump_id] = &block;
    const PgDumpEntry* const encoding = find_entry(open_.archive, "ENCODING");
    const bool in_utf8 = encoding != nullptr && encoding->definition->find("'UTF8'") != std::string::npos;
    std::map<std::string, TableBlock> by_file;
    for (const PgDumpEntry& entry : open_.archive.entries) {
      const auto block = blocks.find(entry.dump_id);
      if (block == blocks.end() || !entry.is("TABLE DATA") || !entry.copy || !entry.tag || !entry.schema) continue;
      const auto copy = parse_copy_statement(*entry.copy);
      if (!copy || copy->table != *entry.tag || (!copy->schema.empty() && copy->schema != *entry.schema)) continue;
      if (!in_utf8 && !is_ascii(*entry.copy + *entry.schema)) continue;
      TableBlock made{.table = {.schema = *entry.schema, .name = *entry.tag, .columns = copy->columns},
                      .block = block->second,
                      .dump_id = entry.dump_id};
      made.table.file = "tables/" + pg_file_name(made.table.schema) + "/" + pg_file_name(made.table.name) + ".copy";
      std::string file = made.table.file;
      by_file.try_emplace(std::move(file), std::move(made));
    }
    for (auto& [file, table] : by_file) tables_.push_back(std::move(table));
    std::sort(tables_.begin(), tables_.end(),
              [](const TableBlock& a, const TableBlock& b) { return compare_paths(a.table.file, b.table.file) < 0; });
  }

  void fill_toc() {
    toc_.database = name_;
    const PgDumpEntry* const encoding = find_entry(open_.archive, "ENCODING");
    if (encoding != nullptr) toc_.encoding = setting_in(" " + *encoding->definition, "client_encoding");
    if (toc_.encoding.empty()) toc_.encoding = "UTF8";
    const PgDumpEntry* const database = find_entry(open_.archive, "DATABASE");
    const std::string statement = database == nullptr ? "" : *database->definition;
    const std::string locale = setting_in(statement, "LOCALE");
    toc_.collate = setting_in(statement, "LC_COLLATE");
    toc_.ctype = setting_in(statement, "LC_CTYPE");
    for (std::string* const text : {&toc_.collate, &toc_.ctype})
      if (text->empty()) *text = locale.empty() ? "C" : locale;
    toc_.server_version = server_version();
    toc_.taken = time_of(open_.archive.head);
    for (const PgDumpBlock& block : open_.blocks)
      if (block.type == PgDumpBlock::Type::LargeObjects) toc_.large_objects += block.objects;
  }

  // What is not rows of a table with a file, not compressed, so that what stays the same is stored once.
  Status give_schema() {
    std::unordered_map<int64_t, bool> is_apart;
    for (const TableBlock& table : tables_) is_apart[table.dump_id] = true;
    PgDump schema{.head = open_.archive.head, .entries = {}};
    schema.head.set_compression(PgDumpCompression::None);
    for (const PgDumpEntry& entry : open_.archive.entries) {
      if (is_apart.contains(entry.dump_id)) continue;
      schema.entries.push_back(entry);
      PgDumpEntry& kept = schema.entries.back();
      if (kept.data_state == PgDumpDataState::Set) kept.data_state = PgDumpDataState::NotSet;
      kept.data_offset = 0;
    }
    HF_TRY(tree_.begin(directory_ + "/schema.dump"));
    Blake3 digest;
    Bytes gathered;
    const auto put = [&](BytesView bytes) -> Status {
      digest.update(bytes);
      toc_.schema_bytes += bytes.size();
      append(gathered, bytes);
      return gathered.size() < gathered_max ? Status() : tree_.data(std::exchange(gathered, {}));
    };
    HF_TRY(put(encode(schema)));
    for (const PgDumpBlock& block : open_.blocks)
      if (!is_apart.contains(block.dump_id))
        HF_TRY(copy_pg_dump_block(
            dump_, block, {.from = compression_, .to = PgDumpCompression::None, .dump_id = block.dump_id}, put));
    if (!gathered.empty()) HF_TRY(tree_.data(std::move(gathered)));
    toc_.schema_digest = to_hex(digest.finish());
    return tree_.end();
  }

  Status give_table(TableBlock& of) {
    const std::string path = directory_ + "/" + of.table.file;
    PgRowsEnd end;
    PgRowDigest digest;
    Bytes gathered;
    bool is_begun = false;
    const auto rows = [&](BytesView bytes) -> Status {
      digest.add(bytes);
      append(gathered, bytes);
      if (gathered.size() < gathered_max) return {};
      if (!is_begun) HF_TRY(tree_.begin(path));
      is_begun = true;
      return tree_.data(std::exchange(gathered, {}));
    };
    HF_TRY(read_pg_dump_data(dump_, *of.block, compression_, [&](BytesView bytes) { return end.take(bytes, rows); }));
    HF_TRY(end.finish());
    if (!digest.is_between_rows()) return Error(Code::Corrupt, "its rows end within a row");
    if (!is_begun) {
      HF_TRY(tree_.file(path, std::move(gathered)));
    } else {
      if (!gathered.empty()) HF_TRY(tree_.data(std::move(gathered)));
      HF_TRY(tree_.end());
    }
    of.table.rows = digest.rows();
    of.table.digest = digest.digest();
    const bool is_comparable = is_ours_ || comparable_.contains({of.table.schema, of.table.name});
    tree_.sink().table({name_ + "." + of.table.schema + "." + of.table.name, of.table.rows,
                        is_comparable ? of.table.digest : Bytes()});
    toc_.tables.push_back(of.table);
    return {};
  }

  void give_facts() {
    uint64_t rows = 0;
    for (const PgTocTable& table : toc_.tables) rows += table.rows;
    tree_.sink().fact("database/" + printable(name_),
                      "tables: " + std::to_string(toc_.tables.size()) + ", rows: " + std::to_string(rows) +
                          ", large objects: " + std::to_string(toc_.large_objects) + ", archive of " + toc_.taken);
  }

  const ByteRange dump_;
  PostgresTree& tree_;
  const bool is_ours_;
  PgOpenDump open_;
  PgDumpCompression compression_ = PgDumpCompression::None;
  std::string name_, directory_;
  std::vector<TableBlock> tables_;
  std::set<std::pair<std::string, std::string>> comparable_;  // schema, table
  PgToc toc_;
};

class PostgresImport final : public Source {
 public:
  PostgresImport(const SourceWorld& world, PostgresImportSpec spec) : world_(world), spec_(std::move(spec)) {}

  Status run(Sink& sink, Previous& previous, std::stop_token stop) override {
    PostgresTree tree(world_, sink, previous);
    std::vector<std::unique_ptr<Database>> databases;
    std::set<std::string> roles;
    int version = 0;
    for (const ByteRange& dump : spec_.dumps) {
      databases.push_back(std::make_unique<Database>(dump, tree, spec_.is_ours));
      HF_TRY(databases.back()->open());
      add_named_roles(databases.back()->contents(), roles);
      version = std::max(version, databases.back()->server_version());
    }
    std::sort(databases.begin(), databases.end(),
              [](const auto& a, const auto& b) { return compare_paths(a->directory(), b->directory()) < 0; });
    for (size_t i = 1; i < databases.size(); ++i)
      if (databases[i]->name() == databases[i - 1]->name())
        return Error(Code::Invalid, "two archives are of database " + printable(databases[i]->name()));
    HF_TRY(tree.directory(""));
    HF_TRY(tree.directory("databases"));
    for (const auto& database : databases)
      HF_TRY(database->give(stop).during("database " + printable(database->name())));
    sink.fact("server_version", std::to_string(version));
    if (!spec_.is_ours) sink.fact("foreign_archive", "yes");
    sink.fact("bootstrap_role", std::string(bootstrap_role));
    if (!spec_.globals) {
      sink.fact("role_passwords", "not in the point");
      return tree.file("globals.sql", to_bytes(make_roles_script(roles, std::string(bootstrap_role))));
    }
    HF_TRY(tree.begin("globals.sql"));
    HF_TRY(each_block(*spec_.globals, [&](BytesView bytes) { return tree.data(to_bytes(bytes)); }));
    return tree.end();
  }

 private:
  SourceWorld world_;
  const PostgresImportSpec spec_;
};

}  // namespace

int parse_server_version(std::string_view text) {
  int parts[3] = {0, 0, 0};
  size_t count = 0;
  for (const char* at = text.data(); count < 3 && at < text.data() + text.size(); ++count) {
    const auto [end, problem] = std::from_chars(at, text.data() + text.size(), parts[count]);
    if (problem != std::errc() || parts[count] > 99) break;
    at = end;
    if (at == text.data() + text.size() || *at != '.') {
      ++count;
      break;
    }
    ++at;
  }
  if (parts[0] >= 10) return parts[0] * 10000 + parts[1];
  return parts[0] * 10000 + parts[1] * 100 + parts[2];
}

std::unique_ptr<Source> make_postgres_import(const SourceWorld& world, PostgresImportSpec spec) {
  return std::make_unique<PostgresImport>(world, std::move(spec));
}

}  // namespace hf
