#include "app/choose.h"
#include "app/session.h"
#include "app/verbs.h"
#include "backup/tree_files.h"

namespace hf {
namespace {

Result<Exit> run_verb(Context& context) {
  if (!context.out.is_text())
    return Error(Code::Invalid, "cat writes the file's bytes, not a document")
        .with_hint("leave -o out; holdfast ls -l -o json describes the file");
  const OpenRepository opened = HF_TRY(open_repository(context));
  const Point point = HF_TRY(choose_point(context, *opened, context.args.text("SET|POINT")));
  const std::string path = context.args.text("PATH");
  const PlaceInPoint place = HF_TRY(choose_place(point, path));
  if (place.source == nullptr)
    return Error(Code::Invalid, "which file?").with_hint("holdfast ls " + shown_id(point.id) + " shows them");
  ChunkReader& chunks = *HF_TRY((*opened).chunks());
  TreeReader reader(place.source->tree, chunks.meta_get());
  HF_TRY(reader.seek(place.path));
  const TreeEntry* entry = HF_TRY(reader.next());
  if (entry == nullptr || entry->meta.path != place.path)
    return Error(Code::NotFound, "point " + shown_id(point.id) + " has no file " + printable(path))
        .with_hint("holdfast ls " + shown_id(point.id) + " shows what it has; holdfast find looks in all points");
  if (entry->meta.info.type != FileType::File)
    return Error(Code::Invalid, printable(path) + " is not a file")
        .with_hint("holdfast ls " + shown_id(point.id) + " " + printable(path));
  const ContentRef content = entry->content;
  const auto give = [&](BytesView bytes) -> Status {
    context.out.raw(bytes);
    // What cannot be written is told at the end.
    return context.out.is_broken() ? Status(Error(Code::Failed, "cannot write to standard output")) : Status();
  };
  HF_TRY(read_content(chunks, content, give, context.program.stop).during("read " + printable(path)));
  return Exit::Done;
}

}  // namespace

Verb cat_verb() {
  return {.name = "cat",
          .summary = "Write a file of a point to standard output",
          .description =
              "Writes the bytes of one file; every byte is checked on the way. A path begins with the name of its "
              "source, or is the absolute "
              "path that the file had.",
          .arguments = {{"SET|POINT",
                         "latest, a set (its newest point), or the first digits of a point",
                         ArgumentSpec::Count::One,
                         {},
                         ArgumentSpec::Completes::Points},
                        {"PATH", "SOURCE/PATH, or the absolute path it had", ArgumentSpec::Count::One}},
          .options = {},
          .examples = {"holdfast cat latest uploads/notes.txt", "holdfast cat 3fa9c01b22 app.db/app.db > /tmp/app.db",
                       "holdfast cat web /srv/uploads/images/logo.png | sha256sum"},
          .run = run_verb};
}

}  // namespace hf
