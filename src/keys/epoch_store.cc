#include <repository.pb.h>

#include <algorithm>
#include <charconv>

#include "base/message.h"
#include "crypto/wipe.h"
#include "keys/key_store.h"
#include "keys/object_names.h"

namespace hf {
namespace {

constexpr std::string_view epochs_prefix = "epochs/";
constexpr size_t epoch_object_bytes_max = 1024;

std::string name_of_epoch(uint32_t number) {
  return std::string(epochs_prefix) + std::to_string(number);
}
std::string purpose_of(uint32_t number) {
  return "epoch " + std::to_string(number);
}

// Decimal from 1, one spelling for each number.
std::optional<uint32_t> parse_number(std::string_view text) {
  uint32_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc{} || number == 0 || std::to_string(number) != text) return std::nullopt;
  return number;
}

// Strings of protobuf are not wiped by themselves.
void wipe(std::string& text) {
  explicit_bzero(text.data(), text.size());
}

Bytes seal_epoch(const KeyRing& ring, uint32_t number, const DataKey& secret, WallTime now, Entropy& entropy) {
  proto::Epoch message;
  message.set_number(number);
  message.set_secret(to_text(reveal_bytes(secret, Purpose::DeriveKey)));
  message.set_not_before_ns(now.time_since_epoch().count());
  const Wiped plain(encode_message(message));
  Bytes box = ring.seal_box(purpose_of(number), plain.view(), entropy);
  wipe(*message.mutable_secret());
  return box;
}

struct LoadedEpoch {
  DataKey key;
  WallTime created{};
};

Result<LoadedEpoch> load_epoch(Store& store, const KeyRing& ring, uint32_t number, const Deadline& deadline) {
  const std::string name = name_of_epoch(number);
  const Bytes box = HF_TRY(get_whole(store, name, epoch_object_bytes_max, deadline).during("load " + name));
  const Wiped plain(HF_TRY(ring.open_box(purpose_of(number), box).during("load " + name)));
  proto::Epoch message = HF_TRY(parse_message<proto::Epoch>(plain.view(), name.c_str()));
  const Wiped again(encode_message(message));
  const auto secret = std::as_bytes(std::span(message.secret()));
  const bool is_valid = equal(again.view(), plain.view()) && message.number() == number && secret.size() == 32;
  DataKey key = Wiped(to_bytes(secret)).to_secret<DataKey>();
  wipe(*message.mutable_secret());
  if (!is_valid) return Error(Code::Corrupt, name + " does not hold a data key of its number");
  return LoadedEpoch{std::move(key), WallTime(Duration(message.not_before_ns()))};
}

Result<std::vector<uint32_t>> epoch_numbers(Store& store, const Deadline& deadline) {
  std::vector<uint32_t> numbers;
  for (const std::string& text : HF_TRY(names_below(store, epochs_prefix, deadline))) {
    const std::optional<uint32_t> number = parse_number(text);
    if (!number) return Error(Code::Corrupt, std::string(epochs_prefix) + text + " is not the name of an epoch");
    numbers.push_back(*number);
  }
  return numbers;
}

}  // namespace

Status load_epochs(Store& store, KeyRing& ring, const Deadline& deadline) {
  HF_ASSERT(ring.current_epoch() == 0);
  for (const uint32_t number : HF_TRY(epoch_numbers(store, deadline))) {
    LoadedEpoch epoch = HF_TRY(load_epoch(store, ring, number, deadline));
    ring.add_epoch(number, std::move(epoch.key));
  }
  return {};
}

Result<std::vector<EpochInfo>> list_epochs(Store& store, const KeyRing& ring, const Deadline& deadline) {
  std::vector<EpochInfo> epochs;
  for (const uint32_t number : HF_TRY(epoch_numbers(store, deadline)))
    epochs.push_back({number, HF_TRY(load_epoch(store, ring, number, deadline)).created});
  std::ranges::sort(epochs, {}, &EpochInfo::number);
  return epochs;
}

Result<uint32_t> start_epoch(Store& store, KeyRing& ring, WallTime now, Entropy& entropy, const Deadline& deadline) {
  const uint32_t number = ring.current_epoch() + 1;
  DataKey secret = Wiped(entropy.bytes(32)).to_secret<DataKey>();
  const Bytes box = seal_epoch(ring, number, secret, now, entropy);
  Status put = store.put(name_of_epoch(number), box, Durable::Now, deadline);
  if (!put.ok() && put.error().code() == Code::Exists) {
    secret = HF_TRY(load_epoch(store, ring, number, deadline)).key;
  } else {
    HF_TRY(std::move(put).during("start epoch " + std::to_string(number)));
  }
  ring.add_epoch(number, std::move(secret));
  return number;
}

}  // namespace hf
