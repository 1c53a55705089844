#include "repo/pipeline.h"

namespace hf {
namespace {

constexpr size_t meta_slot = 4;
// Raw bytes of a group, by class: large ones compress better, small ones are cheaper to read a part of.
constexpr std::array<size_t, 5> group_bytes = {4u << 20, 2u << 20, 2u << 20, 4u << 20, 512u << 10};
constexpr size_t probe_bytes_min = 16u << 10;

// Level 3 by class (docs/decisions/0008): where text repeats, it repeats in long matches; pages repeat in short ones.
// So the table of the other kind can be small enough for the processor's second cache.
constexpr int tuned_level = 3;
CompressTuning tuning_of(PackKind kind, CutClass cut, int level) {
  if (level != tuned_level || kind != PackKind::Data) return {};
  if (cut == CutClass::Stream) return {.hash_log = 16, .chain_log = 16, .min_match = 6};
  if (cut == CutClass::Pages) return {.hash_log = 17, .chain_log = 14, .min_match = 4};
  return {};
}

Error stopped() {
  return Error(Code::Cancelled, "the pipeline has stopped");
}

}  // namespace

Pipeline::Pipeline(Env env, Store& store, const KeyRing& ring, Index& index, PipelineOptions options, Deadline deadline)
    : env_(env), store_(store), ring_(ring), index_(index), options_(options), deadline_(deadline) {}

Pipeline::~Pipeline() {
  tasks_.request_stop();
}

void Pipeline::start() {
  if (std::exchange(running_, true)) return;
  for (unsigned i = 0; i < options_.workers; ++i)
    tasks_.start("compress", [this](std::stop_token stop) { return compress_stage(stop); });
  tasks_.start("pack", [this](std::stop_token stop) { return pack_stage(stop); });
  for (int i = 0; i < 2; ++i) tasks_.start("store", [this](std::stop_token stop) { return store_stage(stop); });
}

Result<ChunkId> Pipeline::add(CutClass cut, BytesView bytes, PieceTable pieces) {
  HF_ASSERT(bytes.size() <= chunk_bytes_max);
  ChunkId id;
  {
    StageTimer timer(env_.clock, env_.meter, Stage::Hash, bytes.size());
    id = chunk_id(ring_, PackKind::Data, bytes);
  }
  if (recent_.contains(id) || HF_TRY(index_.contains(PackKind::Data, id))) {
    counts_.bytes_known += bytes.size();
    ++counts_.chunks_known;
    return id;
  }
  CutClass group_class = cut;
  if (cut == CutClass::Whole && bytes.size() >= probe_bytes_min && is_incompressible(bytes))
    group_class = CutClass::Media;
  HF_TRY(add_to(static_cast<size_t>(group_class), PackKind::Data, group_class, id, bytes, std::move(pieces)));
  counts_.bytes_new += bytes.size();
  ++counts_.chunks_new;
  return id;
}

Result<ChunkId> Pipeline::add_meta(BytesView bytes) {
  HF_ASSERT(bytes.size() <= meta_chunk_bytes_max);
  const ChunkId id = chunk_id(ring_, PackKind::Meta, bytes);
  if (recent_.contains(id) || HF_TRY(index_.contains(PackKind::Meta, id))) return id;
  HF_TRY(add_to(meta_slot, PackKind::Meta, CutClass::Stream, id, bytes, {}));
  return id;
}

Status Pipeline::add_to(size_t slot, PackKind kind, CutClass cut, const ChunkId& id, BytesView bytes,
                        PieceTable pieces) {
  OpenGroup& open = open_[slot];
  if (!open.group.chunks.empty() && open.group.raw.size() + bytes.size() > group_bytes[slot]) HF_TRY(push_group(slot));
  if (open.group.chunks.empty()) {
    open.cut = cut;
    open.group.kind = kind;
    open.group.raw.reserve(std::max(group_bytes[slot], bytes.size()));
  }
  append(open.group.raw, bytes);
  open.group.raw_size = static_cast<uint32_t>(open.group.raw.size());
  open.group.chunks.push_back({.id = id, .length = static_cast<uint32_t>(bytes.size()), .pieces = std::move(pieces)});
  recent_.insert(id);
  return {};
}

Status Pipeline::push_group(size_t slot) {
  if (open_[slot].group.chunks.empty()) return {};
  start();
  {
    std::scoped_lock lock(settle_mutex_);
    ++groups_under_way_;
  }
  if (!groups_.push(std::exchange(open_[slot], {}), tasks_.token())) return stopped();
  return {};
}

Status Pipeline::compress_stage(std::stop_token stop) {
  Compressor compressor(options_.level);
  while (std::optional<OpenGroup> item = groups_.pop(stop)) {
    Group& group = item->group;
    bool raw = item->cut == CutClass::Media;
    if (!raw) {
      StageTimer timer(env_.clock, env_.meter, Stage::Probe, group.raw.size());
      raw = is_incompressible(group.raw);
    }
    if (!raw) {
      StageTimer timer(env_.clock, env_.meter, Stage::Compress, group.raw.size());
      group.packed = compressor.compress(group.raw, tuning_of(group.kind, item->cut, options_.level));
      // Less than a thirty-second saved is not worth decompressing for at every restore.
      raw = group.packed.size() > group.raw.size() - group.raw.size() / 32;
    }
    group.codec = raw ? Codec::Raw : Codec::Zstd;
    (raw ? group.packed : group.raw) = Bytes();
    if (!packable_.push({std::move(group)}, stop)) return stopped();
  }
  return {};
}

Result<PackBuilder> Pipeline::begin_pack(PackKind kind) {
  Bytes memory = spare_.with([&](std::vector<Bytes>& spare) {
    Bytes last;
    if (kind == PackKind::Data && !spare.empty()) last = std::move(spare.back()), spare.pop_back();
    return last;
  });
  return PackBuilder::begin(ring_, kind, env_.entropy, std::move(memory));
}

Status Pipeline::close_pack(std::optional<PackBuilder>& builder, std::stop_token stop) {
  if (!builder) return {};
  FinishedPack pack;
  {
    StageTimer timer(env_.clock, env_.meter, Stage::Pack, builder->size());
    pack = std::move(*builder).finish();
  }
  builder.reset();
  {
    std::scoped_lock lock(settle_mutex_);
    ++packs_under_way_;
  }
  if (!packs_.push(std::move(pack), stop)) return stopped();
  return {};
}

Status Pipeline::pack_stage(std::stop_token stop) {
  std::array<std::optional<PackBuilder>, 2> builders;
  while (std::optional<Packable> item = packable_.pop(stop)) {
    if (!item->group) {  // an order to close what is open
      for (auto& builder : builders) HF_TRY(close_pack(builder, stop));
      finished_one();
      continue;
    }
    const Group& group = *item->group;
    const bool is_data = group.kind == PackKind::Data;
    std::optional<PackBuilder>& builder = builders[is_data ? 0 : 1];
    if (!builder) builder.emplace(HF_TRY(begin_pack(group.kind)));
    {
      StageTimer timer(env_.clock, env_.meter, Stage::Encrypt, group.payload().size());
      builder->add(group);
    }
    if (builder->size() >= (is_data ? data_pack_bytes : meta_pack_bytes)) HF_TRY(close_pack(builder, stop));
    finished_one();
  }
  return {};
}

Status Pipeline::store_stage(std::stop_token stop) {
  while (std::optional<FinishedPack> pack = packs_.pop(stop)) {
    const uint64_t size = pack->bytes.size();
    const std::string object = pack_object_name(pack->kind, pack->name);
    {
      StageTimer timer(env_.clock, env_.meter, Stage::Verify, size);
      const PackTable table =
          HF_TRY(verify_pack(ring_, pack->kind, pack->name, pack->bytes)
                     .during("read back " + object + " before storing it (faulty memory or processor?)"));
      if (table.ids != pack->ids) return Error(Code::Corrupt, object + " does not hold what was put into it");
    }
    {
      StageTimer timer(env_.clock, env_.meter, Stage::Store, size);
      HF_TRY(store_.put(object, pack->bytes, Durable::Later, deadline_).during("store " + object));
    }
    counts_.bytes_stored += size;
    ++counts_.packs;
    index_.add({.name = pack->name, .kind = pack->kind, .size = size, .epoch = pack->epoch}, pack->ids);
    if (pack->kind == PackKind::Data)
      spare_.with([&](std::vector<Bytes>& spare) { spare.push_back(std::move(pack->bytes)); });
    std::scoped_lock lock(settle_mutex_);
    --packs_under_way_;
    settled_.notify_all();
  }
  return {};
}

void Pipeline::finished_one() {
  std::scoped_lock lock(settle_mutex_);
  --groups_under_way_;
  settled_.notify_all();
}

// Sends every open group on, has the packs closed, and waits until they are stored.
Status Pipeline::settle() {
  for (size_t slot = 0; slot < slots; ++slot) HF_TRY(push_group(slot));
  if (!running_) return {};
  std::unique_lock lock(settle_mutex_);
  const auto all_packed = [&] { return groups_under_way_ == 0; };
  if (!settled_.wait(lock, tasks_.token(), all_packed)) return stopped();
  ++groups_under_way_;  // the order counts as one, so that the wait below covers it
  lock.unlock();
  if (!packable_.push({}, tasks_.token())) return stopped();
  lock.lock();
  if (!settled_.wait(lock, tasks_.token(), [&] { return groups_under_way_ == 0 && packs_under_way_ == 0; }))
    return stopped();
  return {};
}

Status Pipeline::drain() {
  Status status = settle();
  if (!status.ok()) {
    Status cause = tasks_.join();
    return cause.ok() ? std::move(status) : std::move(cause);
  }
  if (counts_.packs > 0) HF_TRY(store_.flush(deadline_).during("make packs durable"));
  HF_TRY(index_.write_pending(deadline_));
  recent_.clear();
  return {};
}

Status Pipeline::finish() {
  HF_TRY(drain());
  groups_.close();
  packable_.close();
  packs_.close();
  return tasks_.join();
}

}  // namespace hf
