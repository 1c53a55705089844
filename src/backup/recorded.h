// What a manifest records of a source, as the source's kind is told of it.
#pragma once

#include "repo/manifest.h"
#include "source/source.h"

namespace hf {

inline RecordedSource recorded_source(const SourceRecord& source) {
  RecordedSource recorded{.name = source.name, .kind = source.kind, .tables = {}, .facts = source.facts};
  for (const TableRecord& table : source.tables)
    recorded.tables.push_back({.name = table.name, .rows = table.rows, .digest = table.digest});
  return recorded;
}

}  // namespace hf
