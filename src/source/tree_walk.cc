#include "source/tree_walk.h"

#include "source/tree_walker.h"

namespace hf {
namespace {

constexpr size_t batch_items_max = 256;
constexpr size_t ahead_items_max = 50'000;

}  // namespace

TreeWalk::TreeWalk(const Env& env, Fs& fs, WalkSpec spec)
    : env_(env),
      fs_(fs),
      spec_(std::move(spec)),
      matched_(spec_.selection.size(), false),
      batches_(ahead_items_max / batch_items_max) {}

TreeWalk::~TreeWalk() = default;

void TreeWalk::start() {
  if (std::exchange(is_started_, true)) return;
  thread_.start("walk", [this](std::stop_token stop) -> Status {
    Batch batch;
    const auto flush = [&] {
      env_.meter.add(Stage::Scan, 0, {}, batch.size());
      return batches_.push(std::exchange(batch, {}), stop);
    };
    TreeWalker walker(fs_, spec_, matched_, [&](WalkItem item) {
      if (batch.empty()) batch.reserve(batch_items_max);
      batch.push_back(std::move(item));
      return batch.size() < batch_items_max || flush();
    });
    Status status = walker.run(stop);
    left_out_ = walker.left_out();
    if (status.ok() && !batch.empty()) flush();
    batches_.close();
    return status;
  });
}

Result<WalkItem*> TreeWalk::next(std::stop_token stop) {
  start();
  if (at_ < batch_.size()) return &batch_[at_++];
  if (!is_over_) {
    if (std::optional<Batch> batch = batches_.pop(stop)) {
      batch_ = std::move(*batch);
      at_ = 0;
      return &batch_[at_++];
    }
    if (stop.stop_requested()) return Error(Code::Cancelled, "asked to stop");
    is_over_ = true;
    HF_TRY(thread_.join());
  }
  return nullptr;
}

}  // namespace hf
