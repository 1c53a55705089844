#include "repo/points.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "repo/gc_records.h"

namespace hf {
namespace {

constexpr int commit_tries_max = 100;

std::string eight_digits(uint64_t number) {
  const std::string text = std::to_string(number);
  return text.size() < 8 ? std::string(8 - text.size(), '0') + text : text;
}

std::string head_object(std::string_view set_directory, uint64_t sequence) {
  return "heads/" + std::string(set_directory) + "/" + eight_digits(sequence);
}

Result<std::vector<std::string>> list_names(Repository& repository, const std::string& prefix) {
  std::vector<std::string> names;
  HF_TRY(repository.store().list(
      prefix,
      [&](const ObjectInfo& info) -> Status {
        names.push_back(info.name);
        return {};
      },
      repository.deadline()));
  std::sort(names.begin(), names.end());
  return names;
}

Result<SignedBody> read_signed_here(Repository& repository, SignedKind kind, const std::string& object) {
  const Bytes bytes = HF_TRY(get_whole(repository.store(), object, small_object_bytes_max, repository.deadline()));
  return open_signed(repository.ring(), repository.signers(), kind, object, bytes);
}

Result<SignedBody> read_signed(Repository& repository, SignedKind kind, const std::string& object) {
  Result<SignedBody> body = read_signed_here(repository, kind, object);
  if (body.ok() || repository.others() == nullptr) return body;
  return repository.others()->read_signed(kind, object, std::move(body).error());
}

// Those that another copy has and this one has not; what that copy has forgotten is left out.
Status add_names_elsewhere(Repository& repository, const std::string& prefix, std::vector<std::string>& names) {
  if (repository.others() == nullptr) return {};
  std::set<std::string> all(names.begin(), names.end());
  for (Repository* other : repository.others()->reachable()) {
    const Result<std::vector<std::string>> there = list_names(*other, prefix);
    const Result<GcRecords> gc = there.ok() ? read_gc_records(*other) : there.error().clone();
    if (!gc.ok()) {
      repository.others()->mark_down(*other);
      continue;
    }
    for (const std::string& name : there.value())
      if (!gc.value().is_forgotten(name)) all.insert(name);
  }
  names.assign(all.begin(), all.end());
  return {};
}

// Highest sequence number of a directory of numbered objects; 0: none.
Result<uint64_t> newest_sequence(Repository& repository, const std::string& prefix) {
  uint64_t newest = 0;
  for (const std::string& name : HF_TRY(list_names(repository, prefix)))
    newest = std::max(newest, sequence_of(name).value_or(0));
  return newest;
}

struct HeadState {
  uint64_t sequence = 0;
  Sha256 digest{};    // of the head object
  Sha256 manifest{};  // that it names
};

Result<HeadState> read_head(Repository& repository, const std::string& set_directory, uint64_t sequence) {
  if (sequence == 0) return HeadState{};
  const SignedBody body = HF_TRY(read_signed(repository, SignedKind::Head, head_object(set_directory, sequence)));
  const Head head = HF_TRY(decode_head(body.body));
  if (head.sequence != sequence)
    return Error(Code::Corrupt, head_object(set_directory, sequence) + " has another number inside");
  return HeadState{.sequence = sequence, .digest = body.digest, .manifest = head.manifest};
}

Error rolled_back(const std::string& set_directory, uint64_t now, uint64_t seen) {
  return Error(Code::KeyMissing, "the repository shows an older state of a set than was seen before (set " +
                                     set_directory + ": point number " + std::to_string(now) + ", seen " +
                                     std::to_string(seen) + ")")
      .with_hint("if an older copy was put in place on purpose: holdfast key trust --accept-rollback SET");
}

// The newest head of a set, held against what was seen before.
Result<HeadState> check_head(Repository& repository, const std::string& set_directory) {
  const uint64_t newest = HF_TRY(newest_sequence(repository, "heads/" + set_directory + "/"));
  HeadState head = HF_TRY(read_head(repository, set_directory, newest));
  if (const SeenHead* seen = repository.seen_head(set_directory)) {
    if (newest < seen->sequence) return rolled_back(set_directory, newest, seen->sequence);
    const HeadState then =
        newest == seen->sequence ? head : HF_TRY(read_head(repository, set_directory, seen->sequence));
    if (then.digest != seen->digest) return rolled_back(set_directory, newest, seen->sequence);
  }
  repository.see_head(set_directory, {.sequence = head.sequence, .digest = head.digest});
  return head;
}

// Of every set that has manifests here, and of every set that was seen before: a set that is missing is an older state,
// too.
Status check_heads(Repository& repository, const std::optional<std::string>& set,
                   const std::vector<std::string>& manifests) {
  std::set<std::string> directories;
  for (const std::string& name : manifests) directories.insert(name.substr(10, name.rfind('/') - 10));
  for (const std::string& directory : repository.sets_seen())
    if (!set || directory == repository.ring().set_directory(*set)) directories.insert(directory);
  for (const std::string& directory : directories) HF_TRY(check_head(repository, directory));
  (void)repository.trust().save(repository.world().fs).ok();  // reading works without a place to remember in
  return {};
}

Status write_head(Repository& repository, const std::string& set_directory, HeadState& before, const Point& point) {
  const Head head{.sequence = point.manifest.sequence,
                  .manifest = point.digest,
                  .previous = before.digest,
                  .time = point.manifest.finished};
  const std::string name = head_object(set_directory, head.sequence);
  const Signer* signer = HF_TRY(repository.signer());
  const Bytes object = HF_TRY(make_signed(repository.ring(), *signer, SignedKind::Head, name, before.digest,
                                          encode(head), repository.env().entropy));
  const Status put = repository.store().put(name, object, Durable::Now, repository.deadline());
  if (!put.ok() && put.error().code() != Code::Exists) return put.error().clone();
  const HeadState written = HF_TRY(read_head(repository, set_directory, head.sequence));
  if (written.manifest != point.digest) return Error(Code::Corrupt, name + " names another manifest");
  before = written;
  return {};
}

// A writer that died between a manifest and its head leaves the head to the next one.
Result<HeadState> complete_heads(Repository& repository, const std::string& set_directory, uint64_t newest_manifest) {
  HeadState head = HF_TRY(check_head(repository, set_directory));
  while (head.sequence < newest_manifest) {
    Result<Point> point = load_point(repository, manifest_object(set_directory, head.sequence + 1));
    if (!point.ok() && point.error().code() == Code::NotFound) {
      ++head.sequence;  // forgotten before its head was written
      continue;
    }
    if (!point.ok()) return std::move(point).error();
    HF_TRY(write_head(repository, set_directory, head, point.value()));
  }
  return head;
}

Result<Point> write_manifest(Repository& repository, Manifest manifest, SignedKind kind, const std::string& object) {
  const Signer* signer = HF_TRY(repository.signer());
  const Bytes bytes = HF_TRY(make_signed(repository.ring(), *signer, kind, object, manifest.previous, encode(manifest),
                                         repository.env().entropy));
  HF_TRY(repository.store().put(object, bytes, Durable::Now, repository.deadline()));
  const Sha256 digest = sha256(bytes);
  return Point{.id = point_id(digest), .object = object, .digest = digest, .manifest = std::move(manifest)};
}

}  // namespace

PointId point_id(const Sha256& manifest_digest) {
  return *PointId::from(manifest_digest.view().first(PointId::size));
}

std::string short_id(const PointId& id) {
  return id.hex().substr(0, 10);
}

std::string manifest_object(std::string_view set_directory, uint64_t sequence) {
  return "manifests/" + std::string(set_directory) + "/" + eight_digits(sequence);
}

Result<Point> load_point(Repository& repository, const std::string& object) {
  const SignedKind kind = object.starts_with("checkpoints/") ? SignedKind::Checkpoint : SignedKind::Manifest;
  const SignedBody body = HF_TRY(read_signed(repository, kind, object));
  Manifest manifest = HF_TRY(decode_manifest(body.body).during(object));
  const std::string directory = repository.ring().set_directory(manifest.set);
  const bool fits = kind == SignedKind::Checkpoint ? object.starts_with("checkpoints/" + directory + "/")
                                                   : object == manifest_object(directory, manifest.sequence);
  if (!fits) return Error(Code::Corrupt, object + " is of another set or number");
  return Point{.id = point_id(body.digest), .object = object, .digest = body.digest, .manifest = std::move(manifest)};
}

Result<PointList> list_points(Repository& repository, const std::optional<std::string>& set) {
  const std::string prefix = set ? "manifests/" + repository.ring().set_directory(*set) + "/" : "manifests/";
  std::vector<std::string> names = HF_TRY(list_names(repository, prefix));
  const GcRecords gc = HF_TRY(read_gc_records(repository));
  HF_TRY(check_heads(repository, set, names));
  HF_TRY(add_names_elsewhere(repository, prefix, names));
  PointList list;
  for (const std::string& name : names) {
    if (gc.is_forgotten(name) || !sequence_of(name)) continue;
    Result<Point> point = load_point(repository, name);
    if (point.ok())
      list.points.push_back(std::move(point).value());
    else if (point.error().code() == Code::NotFound)
      continue;  // forgotten meanwhile
    else if (point.error().code() == Code::Unavailable)
      return std::move(point).error();
    else
      list.unreadable.push_back(point.error().message());
  }
  std::stable_sort(list.points.begin(), list.points.end(),
                   [](const Point& a, const Point& b) { return a.manifest.set < b.manifest.set; });
  return list;
}

Result<std::optional<Point>> newest_point(Repository& repository, const std::string& set) {
  const std::string directory = repository.ring().set_directory(set);
  const std::string prefix = "manifests/" + directory + "/";
  std::vector<std::string> names = HF_TRY(list_names(repository, prefix));
  HF_TRY(check_head(repository, directory));
  HF_TRY(add_names_elsewhere(repository, prefix, names));
  const GcRecords gc = HF_TRY(read_gc_records(repository));
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    if (gc.is_forgotten(*name)) continue;
    Result<Point> point = load_point(repository, *name);
    if (point.ok()) return std::optional<Point>(std::move(point).value());
    if (point.error().code() == Code::Unavailable) return std::move(point).error();
  }
  return std::optional<Point>();
}

std::optional<uint64_t> sequence_of(std::string_view object) {
  const std::string_view digits = object.substr(object.rfind('/') + 1);
  uint64_t value = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (code != std::errc() || end != digits.data() + digits.size() || eight_digits(value) != digits) return std::nullopt;
  return value;
}

Result<uint64_t> newest_head_shown(Repository& repository, const std::string& set) {
  return newest_sequence(repository, "heads/" + repository.ring().set_directory(set) + "/");
}

Result<uint64_t> accept_rollback(Repository& repository, const std::string& set) {
  const std::string directory = repository.ring().set_directory(set);
  repository.forget_head(directory);
  const HeadState head = HF_TRY(check_head(repository, directory));
  HF_TRY(repository.trust().save(repository.world().fs));
  return head.sequence;
}

Result<Point> commit_point(Repository& repository, Manifest manifest) {
  const std::string directory = repository.ring().set_directory(manifest.set);
  for (int tries = 0; tries < commit_tries_max; ++tries) {
    const uint64_t newest_manifest = HF_TRY(newest_sequence(repository, "manifests/" + directory + "/"));
    HeadState head = HF_TRY(complete_heads(repository, directory, newest_manifest));
    manifest.sequence = std::max(newest_manifest, head.sequence) + 1;
    manifest.previous = head.manifest;
    Result<Point> point =
        write_manifest(repository, manifest, SignedKind::Manifest, manifest_object(directory, manifest.sequence));
    if (!point.ok() && point.error().code() == Code::Exists) continue;  // another writer took the number
    if (!point.ok()) return std::move(point).error().during("commit the point");
    HF_TRY(write_head(repository, directory, head, point.value()));
    repository.see_head(directory, {.sequence = head.sequence, .digest = head.digest});
    HF_TRY(repository.trust().save(repository.world().fs));
    return point;
  }
  return Error(Code::Held, "other writers of this set were always faster").with_hint("try again later");
}

Result<std::string> commit_checkpoint(Repository& repository, Manifest manifest, const std::string& session,
                                      uint32_t number) {
  manifest.status = PointStatus::Checkpoint;
  const std::string object =
      "checkpoints/" + repository.ring().set_directory(manifest.set) + "/" + session + "-" + std::to_string(number);
  HF_TRY(write_manifest(repository, std::move(manifest), SignedKind::Checkpoint, object).during("write checkpoint"));
  return object;
}

Result<std::vector<Point>> list_checkpoints(Repository& repository, const std::optional<std::string>& set) {
  const std::string prefix = set ? "checkpoints/" + repository.ring().set_directory(*set) + "/" : "checkpoints/";
  std::vector<Point> found;
  for (const std::string& name : HF_TRY(list_names(repository, prefix))) {
    Result<Point> point = load_point(repository, name);
    if (point.ok())
      found.push_back(std::move(point).value());
    else if (point.error().code() == Code::Unavailable)
      return std::move(point).error();
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const Point& a, const Point& b) { return a.manifest.finished < b.manifest.finished; });
  return found;
}

Status attach_proof(Repository& repository, const Point& point, const Proof& proof) {
  const uint64_t number = static_cast<uint64_t>(proof.time.time_since_epoch().count());
  const std::string name = "attachments/" + point.id.hex() + "/proof-" + std::to_string(number) + "-" +
                           to_hex(repository.env().entropy.bytes(4));
  const Signer* signer = HF_TRY(repository.signer());
  const Bytes object = HF_TRY(make_signed(repository.ring(), *signer, SignedKind::Attachment, name, point.digest,
                                          encode(proof), repository.env().entropy));
  return repository.store().put(name, object, Durable::Now, repository.deadline()).during("attach the proof");
}

Result<std::vector<Proof>> list_proofs(Repository& repository, const Point& point) {
  std::vector<Proof> proofs;
  for (const std::string& name : HF_TRY(list_names(repository, "attachments/" + point.id.hex() + "/"))) {
    const SignedBody body = HF_TRY(read_signed(repository, SignedKind::Attachment, name));
    if (body.head.previous != point.digest) return Error(Code::Corrupt, name + " is about another point");
    proofs.push_back(HF_TRY(decode_proof(body.body).during(name)));
  }
  std::stable_sort(proofs.begin(), proofs.end(), [](const Proof& a, const Proof& b) { return a.time < b.time; });
  return proofs;
}

}  // namespace hf
