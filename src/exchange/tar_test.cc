#include <gtest/gtest.h>

#include "exchange/posix_acl.h"
#include "exchange/tar_reader.h"
#include "exchange/tar_writer.h"

// An archive given up in the middle keeps what its gzip filter holds: libarchive 3.6 gives that back only when the
// archive is ended, which would first fill the entry up with zeros.
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libarchive.so\nleak:libz.so\n";
}

namespace hf {
namespace {

Entry make_entry(const std::string& path, FileType type, uint32_t mode = 0644) {
  Entry entry;
  entry.path = path;
  entry.info.type = type;
  entry.info.mode = mode;
  entry.info.uid = 70000;
  entry.info.gid = 4'000'000'000;
  entry.info.mtime = WallTime(std::chrono::seconds(981173106) + Duration(123456789));
  entry.user = "somebody";
  entry.group = "ünd";
  return entry;
}

std::vector<PosixAclEntry> acl() {
  using Tag = PosixAclEntry::Tag;
  return {{Tag::UserObject, 6, 0}, {Tag::User, 4, 1000}, {Tag::GroupObject, 4, 0},
          {Tag::Group, 7, 1001},   {Tag::Mask, 7, 0},    {Tag::Other, 0, 0}};
}

class Tar : public testing::TestWithParam<bool> {
 protected:
  Bytes bytes;
  TarWriter writer{{.gzip = GetParam()}, [this](BytesView more) -> Status {
                     append(bytes, more);
                     return {};
                   }};
  std::vector<TarItem> items;
  std::vector<std::string> contents;
  std::vector<std::vector<DataRange>> ranges;

  Status read() {
    const auto reader = HF_TRY(TarReader::open(range_of(bytes)));
    while (const TarItem* item = HF_TRY(reader->next())) {
      items.push_back(*item);
      contents.emplace_back(item->hard_link.empty() ? item->entry.info.size : 0, '\0');
      ranges.emplace_back();
      const auto take = [&](uint64_t offset, BytesView part) -> Status {
        contents.back().replace(offset, part.size(), as_text(part));
        ranges.back().push_back({offset, offset + part.size()});
        return {};
      };
      HF_TRY(reader->data(take));
    }
    return {};
  }
};
INSTANTIATE_TEST_SUITE_P(Compressed, Tar, testing::Bool());

TEST_P(Tar, keeps_all_that_an_entry_has) {
  Entry root = make_entry("", FileType::Directory, 01777);
  root.xattrs = {{std::string(acl_default_xattr), encode_acl(acl())}};
  Entry file = make_entry("odd \xff\n" + std::string(200, 'n') + "/" + std::string(120, 'm'), FileType::File, 04670);
  file.info.size = 5;
  file.xattrs = {{std::string(acl_access_xattr), encode_acl(acl())},
                 {"user.note", to_bytes(std::string_view("a\0b", 3))}};
  Entry link = make_entry("ünï", FileType::Symlink, 0777);
  link.target = "../../\xfe somewhere";
  Entry node = make_entry("zero", FileType::Character);
  node.info.rdev_major = 1;
  node.info.rdev_minor = 5;
  const Entry fifo = make_entry("zfifo", FileType::Fifo);
  ASSERT_TRUE(writer.begin(root).ok());
  ASSERT_TRUE(writer.begin(file).ok());
  ASSERT_TRUE(writer.data(as_bytes("hello")).ok());
  for (const Entry* const other : {static_cast<const Entry*>(&link), static_cast<const Entry*>(&node), &fifo})
    ASSERT_TRUE(writer.begin(*other).ok());
  ASSERT_TRUE(writer.link(make_entry("zlink", FileType::File), file.path).ok());
  ASSERT_TRUE(writer.finish().ok());

  ASSERT_TRUE(read().ok());
  const std::vector<const Entry*> wanted = {&root, &file, &link, &node, &fifo};
  ASSERT_EQ(items.size(), 6u);
  for (size_t i = 0; i < wanted.size(); ++i) {
    const Entry& found = items[i].entry;
    EXPECT_EQ(found.path, wanted[i]->path);
    EXPECT_EQ(found.info.type, wanted[i]->info.type) << found.path;
    EXPECT_EQ(found.info.mode, wanted[i]->info.mode) << found.path;
    EXPECT_EQ(found.info.uid, wanted[i]->info.uid);
    EXPECT_EQ(found.info.gid, wanted[i]->info.gid);
    EXPECT_EQ(found.info.mtime, wanted[i]->info.mtime);
    EXPECT_EQ(found.user, wanted[i]->user);
    EXPECT_EQ(found.group, wanted[i]->group);
    EXPECT_EQ(found.target, wanted[i]->target);
    EXPECT_EQ(found.xattrs, wanted[i]->xattrs) << found.path;
  }
  EXPECT_EQ(items[3].entry.info.rdev_minor, 5u);
  EXPECT_EQ(contents[1], "hello");
  EXPECT_EQ(items[5].hard_link, file.path);
}

TEST_P(Tar, holes_stay_holes) {
  Entry file = make_entry("sparse", FileType::File);
  file.info.size = 10 << 20;
  const std::vector<DataRange> data = {{1 << 20, (1 << 20) + 4096}, {5 << 20, (5 << 20) + 10}};
  std::string content(file.info.size, '\0');
  for (const DataRange& range : data)
    std::fill_n(content.begin() + static_cast<long>(range.begin), range.end - range.begin, 'x');
  ASSERT_TRUE(writer.begin(file, &data).ok());
  ASSERT_TRUE(writer.data(as_bytes(content)).ok());
  Entry empty = make_entry("void", FileType::File);
  empty.info.size = 3 << 20;
  const std::vector<DataRange> none = {{0, 0}};
  ASSERT_TRUE(writer.begin(empty, &none).ok());
  ASSERT_TRUE(writer.data(BytesView(Bytes(3 << 20, std::byte{0}))).ok());
  ASSERT_TRUE(writer.finish().ok());
  EXPECT_LT(bytes.size(), 100'000u);
  ASSERT_TRUE(read().ok());
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(contents[0], content);
  uint64_t given = 0;
  for (const DataRange& range : ranges[0]) given += range.end - range.begin;
  EXPECT_EQ(given, 4106u);
  EXPECT_EQ(items[1].entry.info.size, 3u << 20);
}

TEST_P(Tar, a_damaged_file_is_corrupt_and_never_silently_shorter) {
  Entry file = make_entry("file", FileType::File);
  file.info.size = 200'000;
  ASSERT_TRUE(writer.begin(file).ok());
  ASSERT_TRUE(writer.data(BytesView(Bytes(200'000, std::byte{'a'}))).ok());
  ASSERT_TRUE(writer.finish().ok());
  bytes.resize(bytes.size() / 3);
  const Status status = read();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), Code::Corrupt);
}

TEST_P(Tar, an_error_of_who_takes_the_bytes_is_returned) {
  TarWriter failing({.gzip = GetParam()}, [](BytesView) -> Status { return Error(Code::Failed, "no space left"); });
  Entry file = make_entry("file", FileType::File);
  file.info.size = 50 << 20;
  Status status = failing.begin(file);
  const Bytes block(1 << 20, std::byte{'a'});
  for (int i = 0; i < 50 && status.ok(); ++i) status = failing.data(block);
  if (status.ok()) status = failing.finish();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message(), "no space left");
}

TEST(PosixAcl, is_what_the_kernel_has_and_nothing_else) {
  EXPECT_EQ(decode_acl(encode_acl(acl())), acl());
  const Bytes whole = encode_acl(acl());
  for (size_t length = 0; length < whole.size(); ++length) {
    const bool is_list = length >= 4 && (length - 4) % 8 == 0;
    EXPECT_EQ(decode_acl(BytesView(whole).first(length)).has_value(), is_list) << length;
  }
  Bytes other = whole;
  other[0] = std::byte{3};
  EXPECT_EQ(decode_acl(other), std::nullopt);
}

}  // namespace
}  // namespace hf
