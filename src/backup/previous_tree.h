// PreviousTree: the trees of earlier points, read along with a source's walk.
#pragma once

#include "repo/chunk_reader.h"
#include "repo/tree.h"
#include "source/source.h"

namespace hf {

// One thread. Of a tree that cannot be read in full the rest is used: what a lost part would have told is read from the
// source again.
class PreviousTree final : public Previous {
 public:
  PreviousTree(ChunkReader& chunks, const Index& index, const std::vector<Root>& trees);

  Result<const Entry*> find(std::string_view path) override;
  // Content of what find() returned last; null if it was nothing.
  const ContentRef* content() const { return found_ == nullptr ? nullptr : &found_->content; }

 private:
  struct Cursor {
    TreeReader reader;
    const TreeEntry* at = nullptr;
    bool ended = false;
  };
  void advance(Cursor& cursor, std::string_view path);
  Result<bool> is_present(const ContentRef& content);

  ChunkReader& chunks_;
  const Index& index_;
  std::vector<Cursor> cursors_;
  const TreeEntry* found_ = nullptr;
};

}  // namespace hf
