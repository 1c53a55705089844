#include <gtest/gtest.h>

#include "repo/pack_fetch.h"
#include "support/store_fixture.h"

namespace hf {
namespace {

class PackTest : public testing::Test {
 protected:
  PackTest() { ring.add_epoch(1, DataKey::take(std::vector<unsigned char>(32, 9))); }

  Group group_of(const std::vector<std::string>& chunks, Codec codec) {
    Group group{.kind = PackKind::Data, .codec = codec};
    for (const std::string& chunk : chunks) {
      append(group.raw, as_bytes(chunk));
      group.chunks.push_back(
          {.id = chunk_id(ring, PackKind::Data, as_bytes(chunk)), .length = static_cast<uint32_t>(chunk.size())});
    }
    group.raw_size = static_cast<uint32_t>(group.raw.size());
    if (codec == Codec::Zstd) group.packed = Compressor(3).compress(group.raw);
    return group;
  }

  FinishedPack make_pack() {
    PackBuilder builder = PackBuilder::begin(ring, PackKind::Data, entropy).value();
    builder.add(group_of({"first", "second chunk"}, Codec::Raw));
    Group with_pieces = group_of({std::string(5000, 'x')}, Codec::Zstd);
    with_pieces.chunks[0].pieces = {.lengths = {2000, 3000},
                                    .fingerprints = {Fingerprint{std::byte{1}}, Fingerprint{std::byte{2}}}};
    builder.add(with_pieces);
    return std::move(builder).finish();
  }

  SeededEntropy entropy;
  KeyRing ring{RootKey::take(std::vector<unsigned char>(32, 5)), RepositoryId{}};
};

TEST_F(PackTest, gives_back_what_went_in) {
  const FinishedPack pack = make_pack();
  const PackTable table = verify_pack(ring, pack.kind, pack.name, pack.bytes).value();
  EXPECT_EQ(table.ids, pack.ids);
  EXPECT_EQ(table.records.size(), 2u);
  EXPECT_EQ(pack.bytes.size() % pack_align_bytes, 0u);
}

TEST_F(PackTest, every_single_bit_flip_is_found) {
  const FinishedPack pack = make_pack();
  Bytes bytes = pack.bytes;
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
    ASSERT_FALSE(verify_pack(ring, pack.kind, pack.name, bytes).ok()) << "bit " << bit;
    bytes[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
  }
}

// Whoever can write to the store can also rename: then the name agrees with the bytes, and only the keys can tell.
TEST_F(PackTest, a_renamed_damaged_pack_is_found) {
  const FinishedPack pack = make_pack();
  Bytes bytes = pack.bytes;
  for (size_t byte = 0; byte < bytes.size(); ++byte) {
    bytes[byte] ^= std::byte{0x10};
    ASSERT_FALSE(verify_pack(ring, pack.kind, {blake3(bytes)}, bytes).ok()) << byte;
    bytes[byte] ^= std::byte{0x10};
  }
  const size_t footer = bytes.size() - pack_footer_bytes;
  bytes.insert(bytes.begin() + static_cast<ptrdiff_t>(footer), pack_align_bytes, std::byte{0});
  EXPECT_EQ(verify_pack(ring, pack.kind, {blake3(bytes)}, bytes).error().code(), Code::Corrupt) << "padded too far";
}

TEST_F(PackTest, every_truncation_is_found) {
  const FinishedPack pack = make_pack();
  for (size_t size = 0; size < pack.bytes.size(); size += 7) {
    const BytesView cut = BytesView(pack.bytes).first(size);
    ASSERT_FALSE(verify_pack(ring, pack.kind, {blake3(cut)}, cut).ok()) << size;
  }
}

TEST_F(PackTest, a_pack_of_one_kind_is_not_taken_for_another) {
  const FinishedPack pack = make_pack();
  EXPECT_EQ(verify_pack(ring, PackKind::Meta, pack.name, pack.bytes).error().code(), Code::Corrupt);
}

TEST_F(PackTest, without_its_epoch_a_pack_stays_closed) {
  const FinishedPack pack = make_pack();
  const KeyRing other(RootKey::take(std::vector<unsigned char>(32, 5)), RepositoryId{});
  EXPECT_EQ(verify_pack(other, pack.kind, pack.name, pack.bytes).error().code(), Code::KeyMissing);
}

TEST_F(PackTest, parts_are_read_by_range) {
  StoreFixture fixture;
  const std::unique_ptr<Store> store = fixture.make_memory_store();
  const FinishedPack pack = make_pack();
  ASSERT_TRUE(store->put(pack_object_name(pack.kind, pack.name), pack.bytes, Durable::Now, fixture.deadline).ok());
  const PackReader reader =
      PackReader::open(*store, ring, pack.kind, pack.name, pack.bytes.size(), fixture.deadline).value();
  const RecordRef record = reader.record(1);
  const Bytes sealed = store->get(record.object, record.place.offset, record.place.stored, fixture.deadline).value();
  EXPECT_EQ(to_text(open_record(ring, record, sealed).value()), std::string(5000, 'x'));
  const auto pieces = reader.pieces(fixture.deadline).value();
  ASSERT_EQ(pieces.size(), 1u);
  EXPECT_EQ(pieces[0].first, 2u);
  EXPECT_EQ(pieces[0].second.lengths, (std::vector<uint32_t>{2000, 3000}));
}

}  // namespace
}  // namespace hf
