// One spelling: what a decoder accepts, its encoder gives back byte for byte (docs/FORMAT.md, conventions).
#include <gtest/gtest.h>

#include "repo/format.h"
#include "repo/manifest.h"
#include "repo/pack_codec.h"
#include "repo/repository.h"
#include "support/wire.h"

namespace hf {
namespace {

using Again = std::function<std::optional<Bytes>(BytesView)>;  // decoded and encoded; nothing if it is refused

template <typename T>
std::optional<Bytes> encoded(const Result<T>& decoded) {
  return decoded.ok() ? std::optional(encode(decoded.value())) : std::nullopt;
}

Bytes encode_leaf(const std::vector<TreeEntry>& entries) {
  Bytes leaf;
  std::string_view before;
  for (const TreeEntry& entry : entries) {
    encode_entry(entry, before, leaf);
    before = entry.meta.path;
  }
  return leaf;
}

constexpr uint64_t records_end = 1000;

std::optional<Bytes> manifest_again(BytesView bytes) {
  return encoded(decode_manifest(bytes));
}
std::optional<Bytes> head_again(BytesView bytes) {
  return encoded(decode_head(bytes));
}
std::optional<Bytes> condemned_again(BytesView bytes) {
  return encoded(decode_condemned(bytes));
}
std::optional<Bytes> swept_again(BytesView bytes) {
  return encoded(decode_swept(bytes));
}
std::optional<Bytes> proof_again(BytesView bytes) {
  return encoded(decode_proof(bytes));
}
std::optional<Bytes> leaf_again(BytesView bytes) {
  const Result<std::vector<TreeEntry>> entries = decode_leaf(bytes);
  return entries.ok() ? std::optional(encode_leaf(entries.value())) : std::nullopt;
}
std::optional<Bytes> node_again(BytesView bytes) {
  const Result<std::vector<NodeChild>> children = decode_node(bytes);
  return children.ok() ? std::optional(encode_node(children.value())) : std::nullopt;
}
std::optional<Bytes> content_again(BytesView bytes) {
  const Result<ExtentRun> run = decode_content(bytes);
  return run.ok() ? std::optional(encode_content(run.value())) : std::nullopt;
}
std::optional<Bytes> trailer_again(BytesView bytes) {
  const Result<PackTable> table = decode_trailer(bytes, records_end);
  return table.ok() ? std::optional(encode_trailer(table.value())) : std::nullopt;
}
std::optional<Bytes> pieces_again(BytesView bytes) {
  const auto pieces = decode_pieces(bytes);
  if (!pieces.ok()) return std::nullopt;
  std::vector<uint32_t> chunks, counts, lengths;
  Bytes fingerprints;
  for (const auto& [chunk, table] : pieces.value()) {
    chunks.push_back(chunk);
    counts.push_back(static_cast<uint32_t>(table.lengths.size()));
    lengths.insert(lengths.end(), table.lengths.begin(), table.lengths.end());
    for (const Fingerprint& fingerprint : table.fingerprints) append(fingerprints, fingerprint);
  }
  return encode_pieces(chunks, counts, lengths, fingerprints);
}

ChunkId some_id(unsigned seed) {
  return {blake3(as_bytes(std::to_string(seed)))};
}

ExtentRun some_run() {
  ExtentRun run;
  const ChunkId one = some_id(1), two = some_id(2);
  append_extent(run, ExtentKind::Data, 300, &one, 7);
  append_extent(run, ExtentKind::Hole, 4096, nullptr, 0);
  append_extent(run, ExtentKind::Data, 20, &two, 0);
  return run;
}

Manifest some_manifest() {
  Manifest manifest{.set = "home", .sequence = 9, .previous = sha256(as_bytes("before"))};
  manifest.started = manifest.finished = WallTime(Duration(77));
  manifest.tags = {{"a", "1"}, {"b", "2"}};
  manifest.epoch = 3;
  SourceRecord source{.name = "files", .kind = "files", .base = "/srv"};
  source.tree = {.id = some_id(3), .depth = 2};
  source.entries = 5;
  source.problems = {{.path = "x", .what = "gone"}};
  source.problem_count = 1;
  source.tables = {{.name = "t", .rows = 2, .digest = to_bytes("digest")}};
  source.facts = {{"engine", "one"}, {"pages", "7"}};
  source.took = Duration(5);
  manifest.sources = {source, source};
  manifest.sources[1].name = "more";
  return manifest;
}

Head some_head() {
  return {.sequence = 2,
          .manifest = sha256(as_bytes("m")),
          .previous = sha256(as_bytes("p")),
          .time = WallTime(Duration(8))};
}

Proof some_proof() {
  Proof proof{.level = "restored", .passed = true, .time = WallTime(Duration(8)), .took = Duration(3)};
  proof.checks = {{.name = "files", .passed = true, .took = Duration(2), .message = "all there"}};
  proof.host = "here";
  return proof;
}

std::vector<TreeEntry> some_entries() {
  std::vector<TreeEntry> entries(4);
  entries[0].meta.info.type = FileType::Directory;
  entries[1].meta.path = "file-1";
  entries[1].meta.info = {.type = FileType::File, .mode = 0640, .size = 320};
  entries[1].meta.xattrs = {{.name = "user.a", .value = to_bytes("1")}, {.name = "user.b", .value = to_bytes("2")}};
  entries[1].content.run = some_run();
  entries[2].meta.path = "file-2";
  entries[2].meta.info = {.type = FileType::File, .mode = 0600, .size = 1u << 30};
  entries[2].content.root = Root{.id = some_id(4), .depth = 1};
  entries[3].meta.path = "link";
  entries[3].meta.info = {.type = FileType::Symlink, .mode = 0777};
  entries[3].meta.target = "file-1";
  return entries;
}

PackTable some_table() {
  PackTable table;
  table.records = {{.offset = 80, .stored = 400, .codec = Codec::Zstd, .raw = 30, .chunk_first = 0, .chunk_count = 2},
                   {.offset = 480, .stored = 300, .codec = Codec::Raw, .raw = 284, .chunk_first = 2, .chunk_count = 1}};
  table.ids = {some_id(1), some_id(2), some_id(3)};
  table.lengths = {10, 20, 284};
  table.pieces_offset = 780;
  table.pieces_stored = 220;
  return table;
}

struct Case {
  const char* name;
  Bytes canonical;
  Again again;
};

std::vector<Case> all_cases() {
  const Condemned condemned{.manifests = {{.name = "manifests/x/00000001", .reason = "old"}},
                            .checkpoints = {"checkpoints/x/y-0"},
                            .packs = {PackName{some_id(5).bytes}, PackName{some_id(6).bytes}},
                            .time = WallTime(Duration(4))};
  const Swept swept{.packs = {PackName{some_id(5).bytes}},
                    .resurrected = {PackName{some_id(6).bytes}},
                    .time = WallTime(Duration(4))};
  const std::vector<NodeChild> children = {{.id = some_id(1), .first = "", .items = 3, .bytes = 4},
                                           {.id = some_id(2), .first = "m", .items = 5, .bytes = 6}};
  return {{"manifest", encode(some_manifest()), manifest_again},
          {"head", encode(some_head()), head_again},
          {"condemned", encode(condemned), condemned_again},
          {"swept", encode(swept), swept_again},
          {"proof", encode(some_proof()), proof_again},
          {"leaf", encode_leaf(some_entries()), leaf_again},
          {"node", encode_node(children), node_again},
          {"content", encode_content(some_run()), content_again},
          {"trailer", encode_trailer(some_table()), trailer_again},
          {"pieces", encode_pieces({0, 2}, {2, 1}, {5, 5, 9}, Bytes(48)), pieces_again}};
}

TEST(Canonical, what_is_accepted_encodes_to_the_same_bytes) {
  for (const Case& is : all_cases()) {
    SCOPED_TRACE(is.name);
    const std::optional<Bytes> same = is.again(is.canonical);
    ASSERT_TRUE(same.has_value());
    EXPECT_TRUE(equal(*same, is.canonical));
    size_t refused = 0;
    for (const wire::Alteration& altered : wire::alterations(to_text(is.canonical))) {
      const std::optional<Bytes> again = is.again(as_bytes(altered.message));
      refused += again ? 0 : 1;
      EXPECT_TRUE(!again || equal(*again, as_bytes(altered.message))) << altered.what;
    }
    EXPECT_GT(refused, 10u);
  }
}

TEST(Canonical, every_single_bit_flip_that_is_accepted_is_another_spelling_of_something_else) {
  for (const Case& is : all_cases()) {
    SCOPED_TRACE(is.name);
    Bytes flipped = is.canonical;
    for (size_t bit = 0; bit < flipped.size() * 8; ++bit) {
      flipped[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
      const std::optional<Bytes> again = is.again(flipped);
      EXPECT_TRUE(!again || equal(*again, flipped)) << bit;
      flipped[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
    }
  }
}

// `canonical` with the first `from` replaced; the test fails if there is none.
Bytes replaced(const Bytes& canonical, const std::string& from, const std::string& to) {
  std::string text = to_text(canonical);
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos);
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return to_bytes(text);
}

using wire::field;

TEST(Canonical, a_digest_of_zeros_is_left_out) {
  const std::string zeros(32, '\0');
  Manifest manifest = some_manifest();
  manifest.previous = {};
  EXPECT_TRUE(decode_manifest(encode(manifest)).ok());
  EXPECT_FALSE(
      decode_manifest(replaced(encode(some_manifest()), to_text(some_manifest().previous.view()), zeros)).ok());
  EXPECT_FALSE(decode_head(replaced(encode(some_head()), to_text(some_head().previous.view()), zeros)).ok());
  // A head's manifest is always written.
  EXPECT_FALSE(decode_head(as_bytes(field(1, 2))).ok());
}

TEST(Canonical, facts_are_in_order_and_each_is_named_once) {
  const auto tag = [](const std::string& name, const std::string& value) {
    return field(10, field(1, name) + field(2, value));
  };
  const std::string both = tag("a", "1") + tag("b", "2");
  EXPECT_FALSE(decode_manifest(replaced(encode(some_manifest()), both, tag("b", "2") + tag("a", "1"))).ok());
  EXPECT_FALSE(decode_manifest(replaced(encode(some_manifest()), both, both + tag("b", "3"))).ok());
  EXPECT_TRUE(decode_manifest(replaced(encode(some_manifest()), both, both + tag("c", "3"))).ok());
}

TEST(Canonical, a_status_is_one_of_its_words) {
  const std::string source = field(7, "complete"), proof = field(2, "passed");
  EXPECT_FALSE(decode_manifest(replaced(encode(some_manifest()), source, field(7, "whole"))).ok());
  EXPECT_FALSE(decode_manifest(replaced(encode(some_manifest()), source, "")).ok());
  EXPECT_FALSE(decode_proof(replaced(encode(some_proof()), proof, field(2, "PASSED"))).ok());
  EXPECT_FALSE(decode_proof(replaced(encode(some_proof()), proof, "")).ok());
}

TEST(Canonical, an_entry_shares_as_much_as_it_can) {
  const auto entry = [](const std::string& path) { return field(1, path + field(3, 1)); };
  const std::string first = entry(field(2, "file-1"));
  EXPECT_TRUE(decode_leaf(as_bytes(first + entry(field(1, 5) + field(2, "2")))).ok());
  EXPECT_FALSE(decode_leaf(as_bytes(first + entry(field(1, 4) + field(2, "-2")))).ok());
  EXPECT_FALSE(decode_leaf(as_bytes(first + entry(field(2, "file-2")))).ok());
}

TEST(Canonical, what_holds_nothing_is_not_written) {
  EXPECT_FALSE(decode_leaf({}).ok());
  EXPECT_FALSE(decode_node({}).ok());
  EXPECT_FALSE(decode_content({}).ok());
  EXPECT_FALSE(decode_content(as_bytes(field(1, std::string(32, 'i')))).ok());  // an id, and nothing of it
  EXPECT_FALSE(decode_trailer({}, pack_header_bytes).ok());
  const std::string file = field(2, "f") + field(3, 1);
  EXPECT_TRUE(decode_leaf(as_bytes(field(1, file))).ok());
  EXPECT_FALSE(decode_leaf(as_bytes(field(1, file + field(18, "")))).ok());
}

TEST(Canonical, extended_attributes_are_in_order) {
  const auto xattr = [](const std::string& name) { return field(17, field(1, name)); };
  const std::string file = field(2, "f") + field(3, 1);
  EXPECT_TRUE(decode_leaf(as_bytes(field(1, file + xattr("user.a") + xattr("user.b")))).ok());
  EXPECT_FALSE(decode_leaf(as_bytes(field(1, file + xattr("user.b") + xattr("user.a")))).ok());
  EXPECT_FALSE(decode_leaf(as_bytes(field(1, file + xattr("user.a") + xattr("user.a")))).ok());
}

TEST(Canonical, pieces_have_a_place_only_if_they_are_there_and_stand_in_order) {
  PackTable table = some_table();
  table.pieces_stored = 0;
  EXPECT_FALSE(decode_trailer(encode_trailer(table), 780).ok());
  table.pieces_offset = 0;
  EXPECT_TRUE(decode_trailer(encode_trailer(table), 780).ok());
  EXPECT_FALSE(decode_pieces(encode_pieces({2, 0}, {2, 1}, {5, 5, 9}, Bytes(48))).ok());
  EXPECT_FALSE(decode_pieces(encode_pieces({2, 2}, {2, 1}, {5, 5, 9}, Bytes(48))).ok());
  EXPECT_FALSE(decode_pieces(encode_pieces({0, 2}, {3, 0}, {5, 5, 9}, Bytes(48))).ok());
}

Bytes config_of(const std::string& message, uint16_t minor) {
  Bytes object = to_bytes("HFCF");
  append_le<uint16_t>(object, format_major);
  append_le<uint16_t>(object, minor);
  append_le<uint32_t>(object, static_cast<uint32_t>(message.size()));
  append(object, as_bytes(message));
  append(object, Bytes(32));
  return object;
}

TEST(Canonical, the_configuration_has_one_spelling_and_only_a_later_version_more_features) {
  const std::string message = field(1, std::string(16, 'r')) + field(2, 5);
  EXPECT_TRUE(decode_config(config_of(message, format_minor)).ok());
  for (const wire::Alteration& altered : wire::alterations(message))
    EXPECT_FALSE(decode_config(config_of(altered.message, format_minor)).ok()) << altered.what;
  const std::string optional = message + field(4, "colours");
  EXPECT_EQ(decode_config(config_of(optional, format_minor)).error().code(), Code::Corrupt);
  EXPECT_TRUE(decode_config(config_of(optional, format_minor + 1)).ok());
  const std::string required = message + field(3, "wings");
  EXPECT_EQ(decode_config(config_of(required, format_minor + 1)).error().code(), Code::Unsupported);
}

}  // namespace
}  // namespace hf
