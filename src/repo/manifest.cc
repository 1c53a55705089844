#include "repo/manifest.h"

#include "base/message.h"
#include "manifest.pb.h"

namespace hf {
namespace {

constexpr std::array<std::string_view, 3> status_names = {"complete", "partial", "checkpoint"};

int64_t to_ns(WallTime time) {
  return time.time_since_epoch().count();
}
WallTime from_ns(int64_t ns) {
  return WallTime(Duration(ns));
}

template <typename Id>
void set_bytes(std::string* out, const Id& id) {
  out->assign(as_text(id.view()));
}

// Zeros stand for an empty field.
Result<Sha256> read_digest(const std::string& in) {
  if (in.empty()) return Sha256{};
  const std::optional<Sha256> digest = Sha256::from(as_bytes(in));
  if (!digest) return Error(Code::Corrupt, "a digest has another length");
  return *digest;
}

template <typename Facts>
void write_facts(const std::map<std::string, std::string>& facts, Facts& out) {
  for (const auto& [name, value] : facts) {
    auto& fact = *out.Add();
    fact.set_name(name);
    fact.set_value(value);
  }
}

template <typename Facts>
std::map<std::string, std::string> read_facts(const Facts& in) {
  std::map<std::string, std::string> facts;
  for (const auto& fact : in) facts[fact.name()] = fact.value();
  return facts;
}

void write_source(const SourceRecord& source, proto::Source& out) {
  out.set_name(source.name);
  out.set_kind(source.kind);
  set_bytes(out.mutable_tree()->mutable_id(), source.tree.id);
  out.mutable_tree()->set_depth(source.tree.depth);
  out.set_entries(source.entries);
  out.set_files(source.files);
  out.set_bytes(source.bytes);
  out.set_status(source.complete ? "complete" : "partial");
  for (const ProblemRecord& problem : source.problems) {
    auto& p = *out.add_problems();
    p.set_path(problem.path);
    p.set_what(problem.what);
  }
  out.set_problem_count(source.problem_count);
  for (const TableRecord& table : source.tables) {
    auto& t = *out.add_tables();
    t.set_name(table.name);
    t.set_rows(table.rows);
    t.set_digest(table.digest.data(), table.digest.size());
  }
  write_facts(source.facts, *out.mutable_facts());
  out.set_seconds_ns(static_cast<uint64_t>(source.took.count()));
  out.set_base(source.base);
}

Result<SourceRecord> read_source(const proto::Source& in) {
  SourceRecord source{.name = in.name(), .kind = in.kind(), .base = in.base()};
  const std::optional<ChunkId> id = ChunkId::from(as_bytes(in.tree().id()));
  if (!id || in.tree().depth() > list_depth_max) return Error(Code::Corrupt, "manifest: a source without a tree");
  source.tree = {.id = *id, .depth = in.tree().depth()};
  source.entries = in.entries();
  source.files = in.files();
  source.bytes = in.bytes();
  source.complete = in.status() == "complete";
  for (const auto& p : in.problems()) source.problems.push_back({.path = p.path(), .what = p.what()});
  source.problem_count = in.problem_count();
  for (const auto& t : in.tables())
    source.tables.push_back({.name = t.name(), .rows = t.rows(), .digest = to_bytes(t.digest())});
  source.facts = read_facts(in.facts());
  source.took = Duration(in.seconds_ns());
  return source;
}

template <typename Ids>
Result<std::vector<PackName>> read_packs(const Ids& in) {
  std::vector<PackName> packs;
  for (const std::string& raw : in) {
    const std::optional<PackName> name = PackName::from(as_bytes(raw));
    if (!name) return Error(Code::Corrupt, "a pack's name has another length");
    packs.push_back(*name);
  }
  return packs;
}

}  // namespace

std::string_view name_of(PointStatus status) {
  return status_names[static_cast<size_t>(status)];
}

Bytes encode(const Manifest& manifest) {
  proto::Manifest out;
  out.set_set(manifest.set);
  out.set_sequence(manifest.sequence);
  if (manifest.previous != Sha256{}) set_bytes(out.mutable_previous(), manifest.previous);
  out.set_started_ns(to_ns(manifest.started));
  out.set_finished_ns(to_ns(manifest.finished));
  out.set_status(std::string(name_of(manifest.status)));
  out.set_kind(manifest.kind);
  out.set_host(manifest.host);
  out.set_version(manifest.version);
  write_facts(manifest.tags, *out.mutable_tags());
  for (const SourceRecord& source : manifest.sources) write_source(source, *out.add_sources());
  out.set_epoch(manifest.epoch);
  out.set_gc_seen(manifest.gc_seen);
  out.set_bytes_read(manifest.bytes_read);
  out.set_bytes_new(manifest.bytes_new);
  out.set_bytes_stored(manifest.bytes_stored);
  return encode_message(out);
}

Result<Manifest> decode_manifest(BytesView bytes) {
  const auto in = HF_TRY(parse_message<proto::Manifest>(bytes, "manifest"));
  Manifest manifest{.set = in.set(), .sequence = in.sequence()};
  manifest.previous = HF_TRY(read_digest(in.previous()));
  manifest.started = from_ns(in.started_ns());
  manifest.finished = from_ns(in.finished_ns());
  size_t status = 0;
  while (status < status_names.size() && status_names[status] != in.status()) ++status;
  if (status == status_names.size()) return Error(Code::Corrupt, "manifest of unknown status");
  manifest.status = static_cast<PointStatus>(status);
  manifest.kind = in.kind();
  manifest.host = in.host();
  manifest.version = in.version();
  manifest.tags = read_facts(in.tags());
  for (const proto::Source& source : in.sources()) manifest.sources.push_back(HF_TRY(read_source(source)));
  manifest.epoch = in.epoch();
  manifest.gc_seen = in.gc_seen();
  manifest.bytes_read = in.bytes_read();
  manifest.bytes_new = in.bytes_new();
  manifest.bytes_stored = in.bytes_stored();
  HF_TRY(expect_canonical(encode(manifest), bytes, "manifest"));
  return manifest;
}

Bytes encode(const Head& head) {
  proto::Head out;
  out.set_sequence(head.sequence);
  set_bytes(out.mutable_manifest(), head.manifest);
  if (head.previous != Sha256{}) set_bytes(out.mutable_previous(), head.previous);
  out.set_time_ns(to_ns(head.time));
  return encode_message(out);
}

Result<Head> decode_head(BytesView bytes) {
  const auto in = HF_TRY(parse_message<proto::Head>(bytes, "head"));
  Head head{.sequence = in.sequence()};
  head.manifest = HF_TRY(read_digest(in.manifest()));
  head.previous = HF_TRY(read_digest(in.previous()));
  head.time = from_ns(in.time_ns());
  HF_TRY(expect_canonical(encode(head), bytes, "head"));
  return head;
}

Bytes encode(const Condemned& condemned) {
  proto::Condemned out;
  for (const Forgotten& forgotten : condemned.manifests) {
    auto& f = *out.add_manifests();
    f.set_name(forgotten.name);
    f.set_reason(forgotten.reason);
  }
  for (const PackName& pack : condemned.packs) set_bytes(out.add_packs(), pack);
  for (const std::string& name : condemned.checkpoints) out.add_checkpoints(name);
  out.set_time_ns(to_ns(condemned.time));
  return encode_message(out);
}

Result<Condemned> decode_condemned(BytesView bytes) {
  const auto in = HF_TRY(parse_message<proto::Condemned>(bytes, "condemned record"));
  Condemned condemned{.time = from_ns(in.time_ns())};
  for (const auto& f : in.manifests()) condemned.manifests.push_back({.name = f.name(), .reason = f.reason()});
  for (const std::string& name : in.checkpoints()) condemned.checkpoints.push_back(name);
  condemned.packs = HF_TRY(read_packs(in.packs()));
  HF_TRY(expect_canonical(encode(condemned), bytes, "condemned record"));
  return condemned;
}

Bytes encode(const Swept& swept) {
  proto::Swept out;
  for (const PackName& pack : swept.packs) set_bytes(out.add_packs(), pack);
  for (const PackName& pack : swept.resurrected) set_bytes(out.add_resurrected(), pack);
  out.set_time_ns(to_ns(swept.time));
  return encode_message(out);
}

Result<Swept> decode_swept(BytesView bytes) {
  const auto in = HF_TRY(parse_message<proto::Swept>(bytes, "swept record"));
  Swept swept{.time = from_ns(in.time_ns())};
  swept.packs = HF_TRY(read_packs(in.packs()));
  swept.resurrected = HF_TRY(read_packs(in.resurrected()));
  HF_TRY(expect_canonical(encode(swept), bytes, "swept record"));
  return swept;
}

Bytes encode(const Proof& proof) {
  proto::Proof out;
  out.set_level(proof.level);
  out.set_status(proof.passed ? "passed" : "failed");
  out.set_time_ns(to_ns(proof.time));
  out.set_seconds_ns(static_cast<uint64_t>(proof.took.count()));
  for (const ProofCheck& check : proof.checks) {
    auto& c = *out.add_checks();
    c.set_name(check.name);
    c.set_status(check.passed ? "passed" : "failed");
    c.set_seconds_ns(static_cast<uint64_t>(check.took.count()));
    c.set_message(check.message);
  }
  out.set_host(proof.host);
  out.set_version(proof.version);
  return encode_message(out);
}

Result<Proof> decode_proof(BytesView bytes) {
  const auto in = HF_TRY(parse_message<proto::Proof>(bytes, "proof"));
  Proof proof{.level = in.level(), .passed = in.status() == "passed", .time = from_ns(in.time_ns())};
  proof.took = Duration(in.seconds_ns());
  for (const auto& c : in.checks())
    proof.checks.push_back(
        {.name = c.name(), .passed = c.status() == "passed", .took = Duration(c.seconds_ns()), .message = c.message()});
  proof.host = in.host();
  proof.version = in.version();
  HF_TRY(expect_canonical(encode(proof), bytes, "proof"));
  return proof;
}

}  // namespace hf
