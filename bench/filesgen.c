// Makes the data sets of files.sh.
//
// Equal arguments make equal bytes on every machine: everything comes from one integer generator, with no
// floating point and no input files. What each kind stands for:
//   tree    source folders: many small text files that share lines, none a copy of another
//   dump    a plain SQL dump: four tables of COPY text; a row depends on its id and version only
//   pages   a PostgreSQL heap: 8 KB pages with a header, line pointers, and tuples filled from the end
//   random  what does not compress: media, encrypted archives
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char kUsage[] =
    "usage: filesgen tree DIR FILES               FILES small source files under DIR\n"
    "       filesgen edit-tree DIR FILES          edit 1 % of them, delete 0.25 %, add 0.25 %\n"
    "       filesgen dump FILE MIB same|clustered|scattered\n"
    "                                             the dump, or the dump with 1 % of its rows changed\n"
    "       filesgen pages FILE MIB               a heap file\n"
    "       filesgen edit-pages FILE MIB PERCENT  rewrite PERCENT of its pages, chosen at random\n"
    "       filesgen random FILE MIB SEED         random bytes\n";

static void fail(const char* what) {
  perror(what);
  exit(1);
}

// ---- chance: splitmix64

typedef struct {
  uint64_t state;
} Rng;

static uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

static uint64_t next(Rng* rng) {
  return mix(rng->state += 0x9E3779B97F4A7C15u);
}

static uint32_t below(Rng* rng, uint32_t limit) {
  return (uint32_t)(((next(rng) >> 32) * limit) >> 32);
}

// Small values far more often than large ones, like words of a language.
static uint32_t skewed_below(Rng* rng, uint32_t limit) {
  return below(rng, below(rng, below(rng, limit) + 1) + 1);
}

static Rng rng_of(uint64_t kind, uint64_t id, uint64_t version) {
  return (Rng){mix(mix(kind) + id) ^ mix(version)};
}

enum {
  KIND_CORPUS = 1,
  KIND_FILE,
  KIND_TREE_EDIT,
  KIND_ROW,
  KIND_TOUCHED,
  KIND_TUPLE,
  KIND_PAGE,
  KIND_PAGE_EDIT,
  KIND_RANDOM
};

// ---- text: each put_ writes at `at` and returns the new end; callers leave room

static char* put(char* at, const char* text) {
  const size_t size = strlen(text);
  memcpy(at, text, size);
  return at + size;
}

static char* put_number(char* at, uint64_t value, int width) {
  return at + sprintf(at, "%0*llu", width, (unsigned long long)value);
}

static char* put_hex(char* at, uint64_t value, int digits) {
  while (digits-- > 0) *at++ = "0123456789abcdef"[(value >> (4 * digits)) & 15];
  return at;
}

static char* put_letters(char* at, Rng* rng, uint32_t count) {
  while (count-- > 0) *at++ = "etaoinsrhldcumfpgwybvkxjqz"[below(rng, 26)];
  return at;
}

// ---- files

static FILE* create(const char* path) {
  FILE* file = fopen(path, "wb");
  if (file == NULL) fail(path);
  return file;
}

static void write_all(FILE* file, const void* bytes, size_t size) {
  if (fwrite(bytes, 1, size, file) != size) fail("write");
}

static void finish(FILE* file) {
  if (fclose(file) != 0) fail("close");
}

static void write_file(const char* path, const void* bytes, size_t size) {
  FILE* file = create(path);
  write_all(file, bytes, size);
  finish(file);
}

// ---- tree: runs of lines from one corpus, some with a name of their own

enum { CORPUS_BYTES = 16 << 20, CORPUS_LINES = 1 << 20, MAX_LINE = 256, MAX_FILE = 64 << 10, NAMES = 6000 };

static char corpus[CORPUS_BYTES + MAX_LINE];
static const char* lines[CORPUS_LINES + 1];
static uint32_t line_count;

static char* put_identifier(char* at, uint32_t number) {
  static const char* const part[] = {"open",  "read",  "block",  "index", "size", "count", "next", "node",  "buffer",
                                     "list",  "key",   "value",  "state", "flag", "path",  "name", "error", "init",
                                     "free",  "lock",  "page",   "map",   "set",  "get",   "add",  "type",  "offset",
                                     "entry", "queue", "device", "self",  "arg",  "ctx"};
  Rng rng = rng_of(KIND_CORPUS, number, 1);
  at = put(at, part[below(&rng, COUNT(part))]);
  if (below(&rng, 4) != 0) at = put(put(at, "_"), part[below(&rng, COUNT(part))]);
  if (below(&rng, 3) == 0) at = put_letters(put(at, "_"), &rng, 2 + below(&rng, 5));
  return at;
}

// In a template, $ is an identifier, @ a number, ~ a word of prose.
static char* put_line(char* at, Rng* rng) {
  static const char* const template[] = {"    if ($ == NULL) {\n",
                                         "        return $;\n",
                                         "    for (int i = 0; i < $; i++) {\n",
                                         "    $->$ = $($, @);\n",
                                         "    }\n",
                                         "static int $(struct $ *$, size_t $) {\n",
                                         "}\n",
                                         "\n",
                                         "    # ~ ~ ~ ~ ~ ~ ~ ~ ~\n",
                                         "        raise $(\"~ ~ ~ ~: %s\" % $)\n",
                                         "    def $(self, $, $=None):\n",
                                         "        self.$ = $.$($, $)\n",
                                         "#define $ 0x@\n",
                                         "        // ~ ~ ~ ~ ~ ~ ~ ~ ~ ~ ~\n",
                                         "    $ += $[$ & @] << @;\n",
                                         "import $.$\n",
                                         "    \"$\": {\"$\": @, \"$\": \"~ ~ ~\"},\n",
                                         "    struct $ $;  /* ~ ~ ~ ~ ~ */\n",
                                         "        assert $($) == @, $\n",
                                         "    while ($ < @ && $($)) $ = $->$;\n"};
  for (const char* t = template[below(rng, COUNT(template))]; *t != 0; t++) {
    if (*t == '$')
      at = put_identifier(at, skewed_below(rng, NAMES));
    else if (*t == '@')
      at = put_number(at, skewed_below(rng, 10000), 1);
    else if (*t == '~') {
      Rng word = rng_of(KIND_CORPUS, skewed_below(rng, 9000), 2);
      at = put_letters(at, &word, 2 + below(&word, 8));
    } else
      *at++ = *t;
  }
  return at;
}

static void make_corpus(void) {
  Rng rng = rng_of(KIND_CORPUS, 0, 0);
  char* at = corpus;
  while (at < corpus + CORPUS_BYTES && line_count < CORPUS_LINES) {
    lines[line_count++] = at;
    at = put_line(at, &rng);
  }
  lines[line_count] = at;
}

// Writes at least `size` bytes (at most MAX_LINE and a name more) of source text; the caller cuts.
static void put_source(char* at, size_t size, Rng* rng) {
  const char* const end = at + size;
  while (at < end) {
    uint32_t line = below(rng, line_count - 32);
    for (uint32_t run = 3 + below(rng, 28); run > 0 && at < end; run--, line++) {
      const size_t length = (size_t)(lines[line + 1] - lines[line]);
      const size_t keep = length > 8 && below(rng, 5) < 2 ? 4 + below(rng, (uint32_t)length - 5) : length - 1;
      memcpy(at, lines[line], keep);
      at += keep;
      if (keep < length - 1) at = put_letters(at, rng, 3 + below(rng, 8));
      *at++ = '\n';
    }
  }
}

// 1 to 64 KiB, 21 KiB on average, most of them small.
static size_t file_size(Rng* rng) {
  const uint64_t u = below(rng, 1 << 16);
  const uint64_t share = (u * u >> 16) * (52429 + u / 5) >> 16;  // u * u * (0.8 + 0.2 u)
  return 1024 + (size_t)(63 * 1024 * share >> 16);
}

static void file_path(char* path, size_t room, const char* dir, uint32_t number) {
  static const char* const suffix[] = {"py", "c", "h", "txt", "json"};
  if ((size_t)snprintf(path, room, "%s/d%02u/e%02u/f%05u.%s", dir, number % 40, number / 40 % 25, number,
                       suffix[number % 5]) >= room) {
    fputs("path too long\n", stderr);
    exit(1);
  }
}

static void make_file(const char* dir, uint32_t number) {
  static char text[MAX_FILE + 2 * MAX_LINE];
  char path[4096];
  Rng rng = rng_of(KIND_FILE, number, 0);
  const size_t size = file_size(&rng);
  put_source(text, size, &rng);
  file_path(path, sizeof path, dir, number);
  write_file(path, text, size);
}

static void make_tree(const char* dir, uint32_t files) {
  char path[4096];
  mkdir(dir, 0755);
  for (int outer = 0; outer < 40; outer++) {
    for (int inner = -1; inner < 25; inner++) {  // -1: the outer folder itself
      const int used = snprintf(path, sizeof path, "%s/d%02d", dir, outer);
      if (inner >= 0) snprintf(path + used, sizeof path - (size_t)used, "/e%02d", inner);
      if (mkdir(path, 0755) != 0) fail(path);
    }
  }
  for (uint32_t number = 0; number < files; number++) make_file(dir, number);
}

static void insert_into_file(const char* path, Rng* rng) {
  static char text[MAX_FILE], inserted[100 + 2 * MAX_LINE];
  FILE* file = fopen(path, "rb");
  if (file == NULL) fail(path);
  const size_t size = fread(text, 1, sizeof text, file);
  fclose(file);
  const size_t middle = below(rng, (uint32_t)size);
  put_source(inserted, 100, rng);
  file = create(path);
  write_all(file, text, middle);
  write_all(file, inserted, 100);
  write_all(file, text + middle, size - middle);
  finish(file);
}

static void edit_tree(const char* dir, uint32_t files) {
  char path[4096];
  Rng rng = rng_of(KIND_TREE_EDIT, 0, 0);
  for (uint32_t first = 0; first + 100 <= files; first += 100) {
    file_path(path, sizeof path, dir, first + below(&rng, 100));
    insert_into_file(path, &rng);
  }
  for (uint32_t first = 0; first + 400 <= files; first += 400) {
    file_path(path, sizeof path, dir, first + below(&rng, 400));
    if (unlink(path) != 0) fail(path);
    make_file(dir, files + first / 400);
  }
}

// ---- rows: what dump and pages hold

static char* put_note(char* at, Rng* rng) {
  static const char* const word[] = {
      "shipped", "pending", "returned", "the",     "customer", "asked", "for",   "refund",  "invoice", "warehouse",
      "north",   "south",   "delivery", "express", "standard", "gift",  "call",  "back",    "after",   "noon",
      "fragile", "handle",  "with",     "care",    "priority", "low",   "high",  "red",     "green",   "blue",
      "small",   "large",   "box",      "pallet",  "unit",     "store", "order", "partial", "second",  "address"};
  for (uint32_t words = 4 + below(rng, 10); words > 0; words--) at = put(put(at, word[below(rng, COUNT(word))]), " ");
  return at - 1;
}

static char* put_email(char* at, Rng* rng) {
  static const char* const name[] = {"anna", "bela", "carl", "dora", "emil", "gina", "hans", "ines", "jana",
                                     "karl", "lena", "marc", "nora", "otto", "paul", "rita", "sven", "tina"};
  static const char* const domain[] = {"example.com", "example.org", "mail.example", "shop.example"};
  at = put(put(at, name[below(rng, COUNT(name))]), ".");
  at = put_number(put(at, name[below(rng, COUNT(name))]), below(rng, 1000), 1);
  return put(put(at, "@"), domain[below(rng, COUNT(domain))]);
}

// id, uuid, created, email, amount, paid, note
static char* put_row(char* at, uint64_t id, uint64_t version) {
  Rng rng = rng_of(KIND_ROW, id, version);
  const uint64_t second = id / 3 + version * 86400, high = next(&rng), low = next(&rng);
  at = put_hex(put(put_number(at, id, 1), "\t"), high >> 32, 8);
  at = put_hex(put(at, "-"), high >> 16, 4);
  at = put_hex(put(at, "-"), high, 4);
  at = put_hex(put(at, "-"), low >> 48, 4);
  at = put_hex(put(at, "-"), low, 12);
  at = put_number(put(at, "\t2026-"), second / (86400 * 28) % 12 + 1, 2);
  at = put_number(put(at, "-"), second / 86400 % 28 + 1, 2);
  at = put_number(put(at, " "), second / 3600 % 24, 2);
  at = put_number(put(at, ":"), second / 60 % 60, 2);
  at = put_number(put(at, ":"), second % 60, 2);
  at = put_number(put(at, "."), below(&rng, 1000000), 6);
  at = put_email(put(at, "+00\t"), &rng);
  at = put_number(put(at, "\t"), below(&rng, 100000), 1);
  at = put_number(put(at, "."), below(&rng, 100), 2);
  at = put(at, below(&rng, 2) == 0 ? "\tt\t" : "\tf\t");
  return put(put_note(at, &rng), "\n");
}

// ---- dump

typedef enum { SAME, CLUSTERED, SCATTERED } Change;

static int is_touched(uint64_t id, Change change) {
  if (change == SAME) return 0;
  Rng rng = rng_of(KIND_TOUCHED, change == CLUSTERED ? id / 256 : id, change);
  return below(&rng, 100) == 0;
}

// All three dumps hold the same rows but for the touched ones: odd ids are updated, even ids get a new row after them.
static void make_dump(const char* path, uint64_t mib, Change change) {
  FILE* file = create(path);
  char row[1024];
  uint64_t id = 1, new_id = 1000000000, done = 0;
  for (uint64_t table = 0; table < 4; table++) {
    fprintf(
        file,
        "--\n-- Data for Name: t%d\n--\n\nCOPY public.t%d (id, uid, created, email, amount, paid, note) FROM stdin;\n",
        (int)table, (int)table);
    for (; done < (mib << 20) / 4 * (table + 1); id++) {
      const size_t size = (size_t)(put_row(row, id, 0) - row);
      const int touched = is_touched(id, change);
      done += size;
      if (!touched || id % 2 == 0) write_all(file, row, size);
      if (touched) write_all(file, row, (size_t)(put_row(row, id % 2 == 0 ? new_id++ : id, 1) - row));
    }
    fputs("\\.\n\n\n", file);
  }
  finish(file);
}

// ---- pages

enum { PAGE = 8192, PAGE_HEADER = 24, TUPLE_HEADER = 24, MAX_ROWS_PER_PAGE = 128 };

static void store(uint8_t* at, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; i++) at[i] = (uint8_t)(value >> (8 * i));
}

static size_t make_tuple(uint8_t* tuple, uint64_t page, uint64_t id) {
  Rng rng = rng_of(KIND_TUPLE, id, 0);
  store(tuple, 700 + page % 50, 4);  // xmin
  store(tuple + 12, page >> 16, 2);  // ctid
  store(tuple + 14, page, 2);
  store(tuple + 18, 5, 2);       // attributes
  store(tuple + 20, 0x0902, 2);  // flags
  store(tuple + 22, TUPLE_HEADER, 1);
  store(tuple + 24, id, 8);
  store(tuple + 32, 1700000000000000 + id * 333333 + below(&rng, 1000000), 8);
  store(tuple + 40, next(&rng), 8);
  char* at = put_email((char*)tuple + 49, &rng);
  tuple[48] = (uint8_t)((at - (char*)tuple - 48) * 2 + 1);  // a short varlena
  char* note = at++;
  at = put_note(at, &rng);
  *note = (char)((at - note) * 2 + 1);
  return (size_t)(at - (char*)tuple);
}

static void make_page(uint8_t* page, uint64_t number, uint64_t version) {
  uint16_t lower = PAGE_HEADER, upper = PAGE;
  memset(page, 0, PAGE);
  for (uint64_t id = number * MAX_ROWS_PER_PAGE;; id++) {
    uint8_t tuple[512] = {0};
    const size_t size = make_tuple(tuple, number, id), aligned = (size + 7) & ~(size_t)7;
    if (lower + 4 + aligned > upper) break;
    upper = (uint16_t)(upper - aligned);
    memcpy(page + upper, tuple, size);
    store(page + lower, upper | 1u << 15 | (uint64_t)size << 17, 4);
    lower = (uint16_t)(lower + 4);
  }
  Rng rng = rng_of(KIND_PAGE, number, version);
  store(page, 0x100000000 + number * 200 + version * 0x40000000, 8);  // position in the log
  store(page + 8, next(&rng), 2);                                     // checksum
  store(page + 12, lower, 2);
  store(page + 14, upper, 2);
  store(page + 16, PAGE, 2);
  store(page + 18, PAGE | 4, 2);
  if (version != 0) put_letters((char*)page + upper + below(&rng, PAGE - 96u - upper), &rng, 96);
}

static void make_pages(const char* path, uint64_t mib) {
  FILE* file = create(path);
  uint8_t page[PAGE];
  for (uint64_t number = 0; number < mib * 128; number++) {
    make_page(page, number, 0);
    write_all(file, page, PAGE);
  }
  finish(file);
}

static void edit_pages(const char* path, uint64_t mib, uint64_t percent) {
  FILE* file = fopen(path, "r+b");
  if (file == NULL) fail(path);
  uint8_t page[PAGE];
  Rng rng = rng_of(KIND_PAGE_EDIT, 0, 0);
  for (uint64_t edit = 1; edit <= mib * 128 * percent / 100; edit++) {
    const uint64_t number = below(&rng, (uint32_t)mib * 128);
    make_page(page, number, edit);
    if (fseeko(file, (off_t)(number * PAGE), SEEK_SET) != 0) fail("seek");
    write_all(file, page, PAGE);
  }
  finish(file);
}

// ---- random

static void make_random(const char* path, uint64_t mib, uint64_t seed) {
  FILE* file = create(path);
  static uint8_t block[1 << 20];
  Rng rng = rng_of(KIND_RANDOM, seed, 0);
  for (uint64_t i = 0; i < mib; i++) {
    for (size_t at = 0; at < sizeof block; at += 8) store(block + at, next(&rng), 8);
    write_all(file, block, sizeof block);
  }
  finish(file);
}

static uint32_t number_of(const char* text) {
  char* end;
  const unsigned long value = strtoul(text, &end, 10);
  if (end == text || *end != 0 || value > 1 << 20) {
    fprintf(stderr, "not a number up to a million: %s\n", text);
    exit(2);
  }
  return (uint32_t)value;
}

static Change change_of(const char* text) {
  if (strcmp(text, "same") == 0) return SAME;
  if (strcmp(text, "clustered") == 0) return CLUSTERED;
  if (strcmp(text, "scattered") == 0) return SCATTERED;
  fputs(kUsage, stderr);
  exit(2);
}

int main(int argc, char** argv) {
  const char* kind = argc > 3 ? argv[1] : "";
  if (strcmp(kind, "tree") == 0 && argc == 4)
    make_corpus(), make_tree(argv[2], number_of(argv[3]));
  else if (strcmp(kind, "edit-tree") == 0 && argc == 4)
    make_corpus(), edit_tree(argv[2], number_of(argv[3]));
  else if (strcmp(kind, "dump") == 0 && argc == 5)
    make_dump(argv[2], number_of(argv[3]), change_of(argv[4]));
  else if (strcmp(kind, "pages") == 0 && argc == 4)
    make_pages(argv[2], number_of(argv[3]));
  else if (strcmp(kind, "edit-pages") == 0 && argc == 5)
    edit_pages(argv[2], number_of(argv[3]), number_of(argv[4]));
  else if (strcmp(kind, "random") == 0 && argc == 5)
    make_random(argv[2], number_of(argv[3]), number_of(argv[4]));
  else {
    fputs(kUsage, stderr);
    return 2;
  }
  return 0;
}
