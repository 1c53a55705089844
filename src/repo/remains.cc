#include "repo/remains.h"

#include <algorithm>

#include "base/text.h"

namespace hf {
bool Remains::any() const {
  return count() > 0;
}

size_t Remains::count() const {
  return static_cast<size_t>(std::count(sound.begin(), sound.end(), true));
}

std::optional<Remains> inspect_pack(const KeyRing& ring, PackKind kind, const PackName& name, BytesView bytes) {
  const Result<PackTable> verified = verify_pack(ring, kind, name, bytes);
  if (verified.ok()) return std::nullopt;
  Remains remains{.what = verified.error().message(), .sound = {}};
  Result<PackInFull> opened = open_whole_pack(ring, kind, bytes);
  if (!opened.ok()) {
    remains.what = "cannot be opened: " + opened.error().message();
    return remains;
  }
  PackInFull& pack = opened.value();
  size_t damaged = 0;
  Bytes raw;
  for (uint32_t r = 0; r < pack.table.records.size(); ++r) {
    const bool sound = verify_record(ring, pack, r, bytes, raw).ok();
    if (!sound) ++damaged;
    remains.sound.insert(remains.sound.end(), pack.table.records[r].chunk_count, sound);
  }
  if (damaged == 0)
    remains.what += ", though every chunk in it can be read";
  else
    remains.what = format_count(damaged) + " of its " + format_count(pack.table.records.size(), "record", "records") +
                   (damaged == 1 ? " is" : " are") + " damaged";
  return remains;
}

}  // namespace hf
