#include "pg/selection.h"

#include <gtest/gtest.h>

namespace hf {
namespace {

// As pg_restore --list --verbose prints it.
constexpr std::string_view listing = R"(;
; Archive created at 2026-11-21 15:59:04 UTC
;
4; 2615 9 SCHEMA - sales app
5; 2615 10 SCHEMA - odd sales app
6; 1247 11 TYPE sales state app
;	depends on: 4
20; 1259 12 TABLE sales orders app
;	depends on: 4 6
21; 1259 13 TABLE sales orders_a app
;	depends on: 4 20
22; 1259 14 SEQUENCE sales orders_id_seq app
;	depends on: 4
30; 0 0 SEQUENCE OWNED BY sales orders_id_seq app
;	depends on: 20 22
31; 2604 15 DEFAULT sales orders id app
;	depends on: 20 22
23; 1259 16 TABLE public customers The Owner
24; 1259 17 VIEW public by_key app
25; 1255 18 FUNCTION public touch() app
40; 0 0 SEQUENCE SET sales orders_id_seq app
;	depends on: 22
50; 2606 19 CONSTRAINT sales orders orders_pkey app
;	depends on: 20
51; 1259 20 INDEX public customers_name app
;	depends on: 23
52; 2606 21 FK CONSTRAINT sales orders orders_customer_fkey app
;	depends on: 20 23
53; 2620 22 TRIGGER public customers touch app
;	depends on: 23 25
54; 2618 23 RULE public by_key _RETURN app
;	depends on: 23 24 51
55; 0 0 COMMENT public INDEX customers_name app
;	depends on: 51
60; 1259 24 TABLE odd sales x y app
;	depends on: 5
)";

PgToc toc() {
  PgToc toc{.database = "shop"};
  toc.tables = {{"sales", "orders_a", "a", {}, 1, Bytes(16)},
                {"public", "customers", "b", {}, 1, Bytes(16)},
                {"odd sales", "x y", "c", {}, 1, Bytes(16)}};
  return toc;
}

std::set<int> chosen(const PgSelection& selection, std::vector<std::string>* left_out = nullptr,
                     std::vector<std::string>* rows = nullptr) {
  const std::vector<PgArchiveItem> items = parse_archive_list(listing, {"sales", "public", "odd sales"});
  const PgToc all = toc();
  Result<PgSelected> selected = select_items(items, all, selection);
  EXPECT_TRUE(selected.ok()) << selected.error().message();
  if (left_out != nullptr) *left_out = selected.value().left_out;
  if (rows != nullptr)
    for (const PgTocTable* table : selected.value().tables) rows->push_back(table->name);
  return selected.value().items;
}

TEST(PgArchiveList, lines_are_cut_into_type_schema_and_name) {
  const std::vector<PgArchiveItem> items = parse_archive_list(listing, {"sales", "public", "odd sales"});
  ASSERT_EQ(items.size(), 19U);
  EXPECT_EQ(items[0].type, "SCHEMA");
  EXPECT_EQ(items[1].name, "odd sales");
  EXPECT_EQ(items[6].type, "SEQUENCE OWNED BY");
  EXPECT_EQ(items[6].needs, (std::vector<int>{20, 22}));
  EXPECT_EQ(items[8].name, "customers The");  // of an owner with a space
  EXPECT_EQ(items.back().schema, "odd sales");
  EXPECT_EQ(items.back().name, "x y");
}

TEST(PgSelection, a_table_comes_with_its_partitions_what_it_needs_and_what_belongs_to_it) {
  std::vector<std::string> left_out, rows;
  EXPECT_EQ(chosen({.tables = {"sales.orders"}}, &left_out, &rows), (std::set<int>{4, 6, 20, 21, 22, 30, 31, 40, 50}));
  EXPECT_EQ(rows, std::vector<std::string>{"orders_a"});
  EXPECT_EQ(left_out.size(), 1U);
}

TEST(PgSelection, a_trigger_brings_its_function_and_a_view_is_another_thing) {
  EXPECT_EQ(chosen({.tables = {"public.customers"}}), (std::set<int>{23, 25, 51, 53, 55}));
}

TEST(PgSelection, a_foreign_key_comes_if_both_tables_do) {
  EXPECT_TRUE(chosen({.tables = {"sales.orders", "customers"}}).contains(52));
}

TEST(PgSelection, a_schema_comes_with_all_that_is_in_it) {
  EXPECT_EQ(chosen({.schemas = {"odd sales"}}), (std::set<int>{5, 60}));
}

TEST(PgSelection, what_is_not_there_is_named) {
  const std::vector<PgArchiveItem> items = parse_archive_list(listing, {});
  const PgToc all = toc();
  for (const PgSelection& selection : {PgSelection{.tables = {"sales.nosuch"}}, PgSelection{.schemas = {"nosuch"}}}) {
    const Result<PgSelected> selected = select_items(items, all, selection);
    ASSERT_FALSE(selected.ok());
    EXPECT_EQ(selected.error().code(), Code::NotFound);
    EXPECT_NE(selected.error().message().find("nosuch"), std::string::npos);
  }
}

}  // namespace
}  // namespace hf
