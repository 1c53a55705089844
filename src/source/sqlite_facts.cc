#include "source/sqlite_facts.h"

#include <sqlite3.h>

#include <algorithm>
#include <bit>

#include "crypto/hash.h"

namespace hf {
namespace {

void append_value(Bytes& to, uint8_t tag, BytesView bytes) {
  to.push_back(static_cast<std::byte>(tag));
  append_le(to, static_cast<uint64_t>(bytes.size()));
  append(to, bytes);
}

void append_column(Bytes& to, const SqliteRow& row, int column) {
  std::array<std::byte, 8> number;
  switch (row.type(column)) {
    case SQLITE_NULL:
      return append_value(to, 0, {});
    case SQLITE_INTEGER:
      store_le(number.data(), static_cast<uint64_t>(row.integer(column)));
      return append_value(to, 1, number);
    case SQLITE_FLOAT:
      store_le(number.data(), std::bit_cast<uint64_t>(row.real(column)));
      return append_value(to, 2, number);
    case SQLITE_TEXT:
      return append_value(to, 3, row.bytes(column));
    default:
      return append_value(to, 4, row.bytes(column));
  }
}

struct Table {
  std::string name;
  bool is_virtual = false;
};

Result<std::vector<Table>> list_tables(SqliteDatabase& database) {
  std::vector<Table> tables;
  HF_TRY(
      database.each("SELECT name, type FROM pragma_table_list WHERE schema = 'main' AND type <> 'view'"
                    " AND name NOT IN ('sqlite_schema', 'sqlite_master')",
                    [&](const SqliteRow& row) {
                      tables.push_back({row.text(0), row.text(1) == "virtual"});
                      return Status();
                    }));
  std::sort(tables.begin(), tables.end(), [](const Table& a, const Table& b) { return a.name < b.name; });
  return tables;
}

// Columns that are stored; what is generated follows from them, perhaps by functions that only the owner has.
Result<std::string> stored_columns(SqliteDatabase& database, const std::string& table) {
  std::string columns;
  HF_TRY(database.each("PRAGMA main.table_xinfo(" + sql_name(table) + ")", [&](const SqliteRow& row) {
    constexpr int name_column = 1, hidden_column = 6;
    if (row.integer(hidden_column) == 0) columns += (columns.empty() ? "" : ", ") + sql_name(row.text(name_column));
    return Status();
  }));
  return columns;
}

Result<TableFact> read_table(SqliteDatabase& database, const std::string& table) {
  const std::string columns = HF_TRY(stored_columns(database, table));
  TableDigest digest;
  HF_TRY(database.each("SELECT " + columns + " FROM main." + sql_name(table), [&](const SqliteRow& row) {
    digest.add(row);
    return Status();
  }));
  return TableFact{table, digest.rows(), digest.finish()};
}

}  // namespace

void TableDigest::add(const SqliteRow& row) {
  row_.clear();
  const int columns = row.columns();
  for (int column = 0; column < columns; ++column) append_column(row_, row, column);
  const Sha256 hash = sha256(row_);
  uint64_t carry = 0;
  for (size_t i = 0; i < sum_.size(); ++i) {
    uint64_t sum = 0;
    const bool over = __builtin_add_overflow(sum_[i], load_le<uint64_t>(&hash.bytes[8 * i]), &sum);
    const bool carried_over = __builtin_add_overflow(sum, carry, &sum_[i]);
    carry = over || carried_over ? 1 : 0;
  }
  ++rows_;
}

Bytes TableDigest::finish() const {
  Bytes all;
  append_le(all, rows_);
  for (const uint64_t word : sum_) append_le(all, word);
  return to_bytes(sha256(all).view());
}

Result<DatabaseFacts> read_facts(SqliteDatabase& database) {
  DatabaseFacts facts;
  TableDigest schema;
  HF_TRY(database.each("SELECT type, name, tbl_name, sql FROM sqlite_schema", [&](const SqliteRow& row) {
    schema.add(row);
    return Status();
  }));
  facts.schema_digest = to_hex(schema.finish());
  for (const Table& table : HF_TRY(list_tables(database))) {
    if (table.is_virtual) {
      facts.skipped.push_back(table.name);
      continue;
    }
    Result<TableFact> fact = read_table(database, table.name);
    if (fact.ok()) {
      facts.tables.push_back(std::move(fact).value());
    } else if (fact.error().code() == Code::Corrupt) {
      facts.damaged.push_back(table.name);
    } else if (fact.error().code() == Code::Failed) {
      facts.skipped.push_back(table.name);
    } else {
      return std::move(fact).error();
    }
  }
  return facts;
}

}  // namespace hf
