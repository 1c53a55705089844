// Fetching parts of packs from a store: trailers, records, pieces, by range.
#pragma once

#include "repo/pack.h"
#include "store/store.h"

namespace hf {

struct FetchedTable {
  PackTable table;
  uint32_t epoch = 0;
};

// All packs of that kind; names that are not a pack's are Corrupt.
Status list_packs(Store& store, PackKind kind, std::vector<ObjectInfo>& found, const Deadline& deadline);

// Header, footer and trailer: three ranged reads, two where the trailer lies in the last 64 KiB.
Result<FetchedTable> fetch_table(Store& store, const KeyRing& ring, PackKind kind, const PackName& name, uint64_t size,
                                 const Deadline& deadline);

// One pack, opened: its table, and its records and pieces by range. Safe to use from several threads once opened.
class PackReader {
 public:
  static Result<PackReader> open(Store& store, const KeyRing& ring, PackKind kind, const PackName& name, uint64_t size,
                                 const Deadline& deadline);
  const PackTable& table() const { return table_; }
  RecordRef record(uint32_t number) const;  // Requires: number < table().records.size()
  // By chunk ordinal.
  Result<std::vector<std::pair<uint32_t, PieceTable>>> pieces(const Deadline& deadline) const;

 private:
  PackReader(Store& store, const KeyRing& ring, PackKind kind, std::string object, Bytes header, PackTable table);
  Store* store_;
  const KeyRing* ring_;
  PackKind kind_;
  std::string object_;
  Bytes header_;
  PackTable table_;
};

}  // namespace hf
