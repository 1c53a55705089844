#include "source/key_names.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "source/new_entry.h"

namespace hf {
namespace {

using Json = nlohmann::ordered_json;

Json time_or_null(WallTime time) {
  return time == WallTime{} ? Json(nullptr) : Json(format_time_rfc3339(time));
}

Json list_of(const std::vector<KeyFact>& keys, KeyFact::Role role) {
  Json list = Json::array();
  for (const KeyFact& key : keys) {
    if (key.role != role) continue;
    Json one{{"id", key.id}, {"provider", key.provider}};
    if (!key.label.empty()) one["label"] = printable(key.label);
    if (role != KeyFact::Role::Configured) one["created"] = time_or_null(key.created);
    if (role == KeyFact::Role::Opens) one["expires"] = time_or_null(key.expires);
    list.push_back(std::move(one));
  }
  return list;
}

class KeysSource final : public Source {
 public:
  explicit KeysSource(const SourceWorld& world) : world_(world) {}

  Status run(Sink& sink, Previous& previous, std::stop_token stop) override {
    if (stop.stop_requested()) return Error(Code::Cancelled, "interrupted");
    std::vector<KeyFact> keys = HF_TRY(sink.keys());
    keys.insert(keys.end(), world_.configured_keys.begin(), world_.configured_keys.end());
    WallTime rotated{};
    for (const KeyFact& key : keys)
      if (key.role == KeyFact::Role::Data) rotated = std::max(rotated, key.created);
    const Json document{{"format", 1},
                        {"rotated", time_or_null(rotated)},
                        {"opens", list_of(keys, KeyFact::Role::Opens)},
                        {"signs", list_of(keys, KeyFact::Role::Signs)},
                        {"data", list_of(keys, KeyFact::Role::Data)},
                        {"configured", list_of(keys, KeyFact::Role::Configured)}};
    HF_TRY(sink.entry(make_entry("", FileType::Directory, 0700)));
    HF_TRY(previous.find(file_name));
    const std::string text = document.dump(2) + "\n";
    world_.env.meter.add(Stage::Read, text.size());
    sink.fact("keys", std::to_string(keys.size()));
    Entry entry = make_entry(std::string(file_name), FileType::File, 0600);
    entry.info.size = text.size();
    return sink.file(std::move(entry), to_bytes(text));
  }

 private:
  static constexpr std::string_view file_name = "keys.json";

  // Always the same but for its name, so that nothing but a change is a change.
  Entry make_entry(std::string path, FileType type, uint32_t mode) const {
    return new_entry(world_.fs, std::move(path), type, mode);
  }

  SourceWorld world_;
};

}  // namespace

SourceKind keys_source_kind() {
  SourceKind kind;
  kind.name = "keys";
  kind.help = "ids, kinds and dates of the repository's and the configuration's keys; never a key";
  kind.parse = [](std::string_view text) -> Result<SourceOptions> {
    if (!text.empty()) return Error(Code::Invalid, "keys: takes nothing").with_hint("write keys:");
    return SourceOptions{};
  };
  kind.open = [](const SourceWorld& world, const std::string&,
                 const SourceOptions&) -> Result<std::unique_ptr<Source>> {
    return std::make_unique<KeysSource>(world);
  };
  return kind;
}

}  // namespace hf
