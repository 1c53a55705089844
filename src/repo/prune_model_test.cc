// The protocol of docs/FORMAT.md, "Prune", as a machine of small steps, and every interleaving of two writers and two
// prunes gone through.
//
// One chunk that all writers have. It may lie in five packs: the one it was in at first, which no point needs any more;
// one of each writer; one that each prune may copy it to. A process may stop for ever at any step (a crash: the states
// where it took no further step are all visited), and any session may be declared dead at any moment, its owner going
// on without knowing (a suspended machine). The grace is in the sessions: who does not know of a record is waited for
// or dead. The writer's second look at gc/ is not among the steps: prune is safe without it, and it is there for a
// repair, which condemns what is damaged and waits for nobody (repair_test.cc). What must hold in every state: if a
// point was acknowledged, a pack that is there and in the index has the chunk.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

namespace hf {
namespace {

constexpr int writers = 2, pruners = 2, records_max = 3;
constexpr uint8_t first_pack = 1;
constexpr uint8_t writer_pack(int w) {
  return static_cast<uint8_t>(2u << w);
}
constexpr uint8_t pruner_pack(int p) {
  return static_cast<uint8_t>(8u << p);
}

struct Rules {
  bool list_again = true;  // the sweep lists manifests again
  bool sessions_before_points = true;
  bool lease_checked_last = true;    // after the manifest is written; else before it
  bool resurrect_all_copies = true;  // a chunk that only condemned packs have keeps all of them; else only one
};

struct Record {
  uint8_t packs, is_swept, deleted;
  uint8_t gone() const { return is_swept ? deleted : packs; }  // counts as absent
};

enum Phase : uint8_t {
  w_load,
  w_begin,
  w_gc,
  w_store,
  w_lease_before,
  w_manifest,
  w_acknowledge,
  w_end,
  w_done,
};
struct Writer {
  uint8_t at, floor, index, session, lost;
};

enum Step : uint8_t {
  p_begin,
  p_sessions,
  p_points,
  p_gc,
  p_packs,
  p_lease,
  p_swept,
  p_unindex,
  p_delete,
  p_points2,
  p_gc2,
  p_packs2,
  p_copy,
  p_lease2,
  p_condemn,
  p_end,
  p_done,
};
struct Pruner {
  uint8_t at, runs, floor, session, lost, newest, due, points, condemned, index, drop, chosen;
};

struct State {
  uint8_t exists = first_pack, indexed = first_pack, points = 0, acknowledged = 0, record_count = 0;
  std::array<Record, records_max> records{};
  std::array<Writer, writers> w{};
  std::array<Pruner, pruners> p{};
  bool operator==(const State& other) const { return std::memcmp(this, &other, sizeof *this) == 0; }
};
static_assert(std::has_unique_object_representations_v<State>);

struct StateHash {
  size_t operator()(const State& state) const {
    std::array<unsigned char, (sizeof(State) + 7) / 8 * 8> bytes{};
    std::memcpy(bytes.data(), &state, sizeof state);
    uint64_t hash = 1469598103934665603ull;
    for (size_t i = 0; i < bytes.size(); i += 8) {
      uint64_t word;
      std::memcpy(&word, bytes.data() + i, 8);
      hash = (hash ^ word) * 0x9E3779B97F4A7C15ull;
      hash ^= hash >> 29;
    }
    return hash;
  }
};

struct Scale {
  int writers;
  std::array<int, pruners> runs;
};

class Model {
 public:
  Model(Rules rules, Scale scale) : rules_(rules), scale_(scale) {}

  // True if the invariant holds in every state that can be reached.
  bool explore() {
    State first;
    for (int w = scale_.writers; w < writers; ++w) first.w[static_cast<size_t>(w)].at = w_done;
    reach(first);
    while (!todo_.empty() && !is_violated_) {
      const State state = todo_.back();
      todo_.pop_back();
      for (int w = 0; w < writers; ++w) step_writer(state, w);
      for (int p = 0; p < pruners; ++p) step_pruner(state, p);
    }
    return !is_violated_;
  }
  size_t states() const { return seen_.size(); }

 private:
  // What a process will not look at again is cleared, and the two writers, which are alike, are put in order: fewer
  // states, the same behaviour.
  static State canonical(State state) {
    for (Writer& writer : state.w) {
      if (writer.at > w_gc) writer.index = 0;
      if (writer.at >= w_end) writer = Writer{.at = w_done};
    }
    for (Pruner& pruner : state.p) {
      if (pruner.at > p_packs) pruner.newest = 0;
      if (pruner.at > p_swept) pruner.due = 0;
      if ((pruner.at > p_packs && pruner.at <= p_points2) || pruner.at > p_packs2)
        pruner.points = pruner.condemned = pruner.index = 0;
      if (pruner.at > p_delete) pruner.drop = 0;
      if (pruner.at > p_condemn) pruner.chosen = 0;
    }
    if (std::memcmp(&state.w[0], &state.w[1], sizeof(Writer)) <= 0) return state;
    std::swap(state.w[0], state.w[1]);
    const auto swap_packs = [](uint8_t& packs) {
      packs = static_cast<uint8_t>((packs & ~6u) | (packs & 2u) << 1 | (packs & 4u) >> 1);
    };
    const auto swap_points = [](uint8_t& points) {
      points = static_cast<uint8_t>((points & 1u) << 1 | (points & 2u) >> 1);
    };
    for (uint8_t* packs : {&state.exists, &state.indexed}) swap_packs(*packs);
    for (uint8_t* points : {&state.points, &state.acknowledged}) swap_points(*points);
    for (Record& record : state.records) swap_packs(record.packs), swap_packs(record.deleted);
    for (Writer& writer : state.w) swap_packs(writer.index);
    for (Pruner& pruner : state.p) {
      swap_points(pruner.points);
      for (uint8_t* packs : {&pruner.condemned, &pruner.index, &pruner.drop, &pruner.chosen}) swap_packs(*packs);
    }
    return state;
  }

  void reach(const State& any) {
    const State state = canonical(any);
    if (state.acknowledged != 0 && (state.exists & state.indexed) == 0) is_violated_ = true;
    if (seen_.insert(state).second) todo_.push_back(state);
  }

  static uint8_t gone(const State& state) {
    uint8_t packs = 0;
    for (int r = 0; r < state.record_count; ++r) packs |= state.records[static_cast<size_t>(r)].gone();
    return packs;
  }

  void step_writer(const State& state, int w) {
    const Writer& now = state.w[static_cast<size_t>(w)];
    if (now.at == w_done) return;
    if (now.session && !now.lost) {
      State next = state;
      next.w[static_cast<size_t>(w)].lost = 1;
      reach(next);
    }
    State next = state;
    Writer& me = next.w[static_cast<size_t>(w)];
    const uint8_t mine = static_cast<uint8_t>(1u << w);
    me.at = static_cast<uint8_t>(now.at + 1);
    switch (now.at) {
      case w_load:
        me.index = state.indexed;
        break;
      case w_begin:
        me.session = 1, me.floor = state.record_count;
        break;
      case w_gc:
        return choose_pack(state, w);
      case w_store:
        next.exists |= writer_pack(w), next.indexed |= writer_pack(w);
        break;
      case w_lease_before:
        if (!rules_.lease_checked_last && me.lost) me.at = w_end;
        break;
      case w_manifest:
        next.points |= mine;
        break;
      case w_acknowledge:
        if (!rules_.lease_checked_last || !me.lost) next.acknowledged |= mine;
        break;
      default:
        me.session = 0;
        break;
    }
    reach(next);
  }

  // It stores the chunk unless a pack counts as having it.
  void choose_pack(const State& state, int w) {
    State next = state;
    Writer& me = next.w[static_cast<size_t>(w)];
    const unsigned there = me.index & ~gone(state) & 0xffu;
    me.at = there == 0 ? w_store : w_lease_before;
    reach(next);
  }

  // Records that every live session but p's knows of.
  static uint8_t due(const State& state, int p, int newest) {
    uint8_t records = 0;
    for (int r = 0; r < newest; ++r) {
      bool is_due = true;
      for (const Writer& writer : state.w) is_due = is_due && !(writer.session && !writer.lost && writer.floor <= r);
      for (int other = 0; other < pruners; ++other) {
        const Pruner& pruner = state.p[static_cast<size_t>(other)];
        is_due = is_due && (other == p || !(pruner.session && !pruner.lost && pruner.floor <= r));
      }
      if (is_due) records = static_cast<uint8_t>(records | 1u << r);
    }
    return records;
  }

  void step_pruner(const State& state, int p) {
    const Pruner& now = state.p[static_cast<size_t>(p)];
    if (now.at == p_done) return;
    if (now.session && !now.lost) {
      State next = state;
      next.p[static_cast<size_t>(p)].lost = 1;
      reach(next);
    }
    State next = state;
    Pruner& me = next.p[static_cast<size_t>(p)];
    me.at = static_cast<uint8_t>(now.at + 1);
    switch (now.at) {
      case p_begin:
        me.session = 1, me.lost = 0, me.floor = me.newest = state.record_count;
        break;
      case p_sessions:
        me.due = rules_.sessions_before_points ? due(state, p, me.newest) : 0;
        break;
      case p_points:
        me.points = rules_.list_again ? state.points : 0;
        break;
      case p_gc:
        read_gc(state, me);
        break;
      case p_packs:
        return plan_sweep(state, p);
      case p_lease:
        if (me.lost) me.at = p_end;
        break;
      case p_swept:
        write_swept(next, me);
        break;
      case p_unindex:
        next.indexed &= static_cast<uint8_t>(~me.drop);
        break;
      case p_delete:
        next.exists &= static_cast<uint8_t>(~me.drop);
        break;
      case p_points2:
        me.points = state.points;
        break;
      case p_gc2:
        me.condemned = gone(state);
        break;
      case p_packs2:
        return plan_condemn(state, p);
      case p_copy:
        next.exists |= pruner_pack(p), next.indexed |= pruner_pack(p);
        break;
      case p_lease2:
        if (me.lost) me.at = p_end;
        break;
      case p_condemn:
        condemn(next, me);
        break;
      default: {
        const uint8_t runs = static_cast<uint8_t>(now.runs + 1);
        me = Pruner{.at = runs < scale_.runs[static_cast<size_t>(p)] ? p_begin : p_done, .runs = runs};
        break;
      }
    }
    reach(next);
  }

  static void read_gc(const State& state, Pruner& me) {
    me.condemned = gone(state);
    for (int r = 0; r < state.record_count; ++r)
      if (state.records[static_cast<size_t>(r)].is_swept) me.due &= static_cast<uint8_t>(~(1u << r));
  }

  // Which packs count as reached: one that counts as there if there is any, else every one; several choices, as the
  // index may give any of them first.
  std::vector<uint8_t> reached(const Pruner& me, uint8_t exists) const {
    const unsigned there = me.index & exists;
    if (me.points == 0) return {0};
    const unsigned live = there & ~static_cast<unsigned>(me.condemned);
    if (live == 0 && rules_.resurrect_all_copies) return {static_cast<uint8_t>(there)};
    std::vector<uint8_t> choices;
    for (unsigned left = live != 0 ? live : there; left != 0; left &= left - 1)
      choices.push_back(static_cast<uint8_t>(left & -left));
    return choices;
  }

  void plan_sweep(const State& state, int p) {
    State next = state;
    Pruner& me = next.p[static_cast<size_t>(p)];
    me.index = state.indexed;
    if (!rules_.sessions_before_points) {
      me.due = due(state, p, me.newest);
      read_gc(state, me);
    }
    uint8_t going = 0;
    for (size_t r = 0; r < state.record_count; ++r) {
      const Record& record = state.records[r];
      if (record.is_swept)
        going |= static_cast<uint8_t>(record.deleted & (state.exists | me.index));
      else if (me.due >> r & 1)
        going |= record.packs;
    }
    const bool nothing = going == 0 && me.due == 0;
    const std::vector<uint8_t> choices = reached(me, state.exists);
    for (const uint8_t kept : choices) {
      me.drop = static_cast<uint8_t>(going & ~kept);
      me.at = nothing ? p_points2 : p_lease;
      reach(next);
    }
    me.at = p_end;  // a point needs what is nowhere: nothing is pruned
    if (choices.empty()) reach(next);
  }

  // Where another was first its record stands, and nothing else is deleted.
  static void write_swept(State& next, Pruner& me) {
    uint8_t decided = 0;
    for (size_t r = 0; r < next.record_count; ++r) {
      Record& record = next.records[r];
      if ((me.due >> r & 1) && !record.is_swept)
        record = {record.packs, 1, static_cast<uint8_t>(record.packs & me.drop)};
      if (record.is_swept) decided |= record.deleted;
    }
    if (me.drop & ~decided) me.at = p_end;
  }

  void plan_condemn(const State& state, int p) {
    State next = state;
    Pruner& me = next.p[static_cast<size_t>(p)];
    me.index = state.indexed;
    const std::vector<uint8_t> choices = reached(me, state.exists);
    for (const uint8_t kept : choices) {
      me.chosen = static_cast<uint8_t>(state.exists & ~me.condemned & ~kept);
      me.at = me.chosen == 0 ? p_end : p_lease2;
      reach(next);
      if (kept == 0 || (kept & me.condemned) || (state.exists & pruner_pack(p))) continue;
      me.chosen |= kept;  // copied first
      me.at = p_copy;
      reach(next);
    }
    me.at = p_end;
    if (choices.empty()) reach(next);
  }

  static void condemn(State& next, const Pruner& me) {
    if (next.record_count < records_max) next.records[next.record_count++] = {me.chosen, 0, 0};
  }

  const Rules rules_;
  const Scale scale_;
  std::unordered_set<State, StateHash> seen_;
  std::vector<State> todo_;
  bool is_violated_ = false;
};

// Each prune sweeps and then condemns; who runs once more also sweeps what the other condemned.
constexpr Scale two_writers{.writers = 2, .runs = {1, 1}}, three_prunes{.writers = 1, .runs = {1, 2}},
    four_prunes{.writers = 1, .runs = {2, 2}};

void expect_safe(Scale scale, size_t states_min) {
  Model model({}, scale);
  EXPECT_TRUE(model.explore());
  std::printf("%zu states\n", model.states());
  EXPECT_GT(model.states(), states_min);
}

TEST(PruneModel, no_interleaving_of_two_writers_and_two_prunes_loses_what_was_acknowledged) {
  expect_safe(two_writers, 500'000);
}

TEST(PruneModel, no_interleaving_with_three_prunes_loses_what_was_acknowledged) {
  expect_safe(three_prunes, 100'000);
}

TEST(PruneModel, it_fails_if_the_sweep_does_not_list_points_again) {
  EXPECT_FALSE(Model({.list_again = false}, two_writers).explore());
}

TEST(PruneModel, it_fails_if_sessions_are_looked_at_after_the_points) {
  EXPECT_FALSE(Model({.sessions_before_points = false}, two_writers).explore());
}

TEST(PruneModel, it_fails_if_the_lease_is_not_checked_after_the_manifest_is_written) {
  EXPECT_FALSE(Model({.lease_checked_last = false}, two_writers).explore());
}

TEST(PruneModel, it_fails_if_of_two_condemned_copies_only_one_is_kept) {
  EXPECT_FALSE(Model({.resurrect_all_copies = false}, four_prunes).explore());
}

}  // namespace
}  // namespace hf
