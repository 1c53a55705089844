#include "store/s3_xml.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace hf {
namespace {

// As AWS's documentation of ListObjectsV2 shows it, shortened.
constexpr std::string_view page = R"(<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
  <Name>bucket</Name><Prefix/><NextContinuationToken>1ueGcxLPRx1Tr/XYE=</NextContinuationToken>
  <KeyCount>2</KeyCount><MaxKeys>2</MaxKeys><IsTruncated>true</IsTruncated>
  <Contents><Key>happyface%2Ejpg</Key><LastModified>2014-11-21T19:40:05.000Z</LastModified>
    <ETag>&quot;70ee1738b6b21e2c8a43f3a5ab0eee71&quot;</ETag><Size>11</Size></Contents>
  <Contents><Key>a+b%2Fc</Key><LastModified>2014-11-21T19:40:05.999Z</LastModified><Size>0</Size></Contents>
</ListBucketResult>)";

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  return text.replace(text.find(what), what.size(), with);
}

TEST(S3Xml, a_page_of_a_list_is_read) {
  const S3Listing listing = parse_s3_listing(as_bytes(page)).value();
  ASSERT_EQ(listing.objects.size(), 2u);
  EXPECT_EQ(listing.objects[0].key, "happyface.jpg");
  EXPECT_EQ(listing.objects[0].size, 11u);
  EXPECT_EQ(listing.objects[1].key, "a b/c");
  // As HEAD gives it, in whole seconds.
  EXPECT_EQ(listing.objects[1].modified, parse_time("2014-11-21T19:40:05Z").value());
  EXPECT_EQ(listing.next, "1ueGcxLPRx1Tr/XYE=");
}

TEST(S3Xml, a_page_that_is_not_whole_is_corrupt) {
  const std::string whole(page);
  const std::string damaged[] = {
      "",
      "<ListBucketResult>",
      whole.substr(0, whole.size() / 2),
      whole.substr(0, whole.size() - 1),
      replaced(whole, "<KeyCount>2", "<KeyCount>3"),
      replaced(whole, "<Size>11", "<Size>eleven"),
      replaced(whole, "<Size>11", "<Size>99999999999999999999"),
      replaced(whole, "2014-11-21T19:40:05.000Z", "yesterday"),
      replaced(whole, "happyface%2Ejpg", ""),
      replaced(whole, "happyface%2Ejpg", "happyface%2"),
      replaced(whole, "happyface%2Ejpg", "happyface%zz"),
      replaced(whole, "<IsTruncated>true", "<IsTruncated>"),
      replaced(whole, "<IsTruncated>true", "<IsTruncated>false"),  // and a token all the same
      replaced(whole, "1ueGcxLPRx1Tr/XYE=", ""),
      "<Error><Code>InternalError</Code></Error>",
  };
  for (const std::string& text : damaged) {
    const Result<S3Listing> listing = parse_s3_listing(as_bytes(text));
    ASSERT_FALSE(listing.ok()) << text;
    EXPECT_EQ(listing.error().code(), Code::Corrupt);
  }
}

TEST(S3Xml, an_error_is_known_whatever_the_status) {
  const auto failure = parse_s3_failure(
      as_bytes("<?xml version=\"1.0\"?><Error><Code>AuthorizationHeaderMalformed</Code><Message>m</Message>"
               "<Region>eu-west-1</Region></Error>"));
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, "AuthorizationHeaderMalformed");
  EXPECT_EQ(failure->region, "eu-west-1");
  EXPECT_FALSE(parse_s3_failure(as_bytes(page)));
  EXPECT_FALSE(parse_s3_failure({}));
}

TEST(S3Xml, entities_of_the_answers_own_are_not_expanded) {
  const std::string bomb =
      "<!DOCTYPE a [<!ENTITY x \"y\"><!ENTITY f SYSTEM \"file:///etc/passwd\">]><Error><Code>&f;&x;</Code></Error>";
  const auto failure = parse_s3_failure(as_bytes(bomb));
  EXPECT_TRUE(!failure || failure->code == "&f;&x;");
}

TEST(S3Xml, uploads_and_their_parts_are_read) {
  const auto uploads = parse_s3_uploads(as_bytes(
      "<ListMultipartUploadsResult><NextKeyMarker>k%2F2</NextKeyMarker><NextUploadIdMarker>i2</NextUploadIdMarker>"
      "<IsTruncated>true</IsTruncated><Upload><Key>k%2F1</Key><UploadId>i1</UploadId>"
      "<Initiated>2010-11-10T20:48:33.000Z</Initiated></Upload></ListMultipartUploadsResult>"));
  ASSERT_TRUE(uploads.ok());
  EXPECT_EQ(uploads.value().uploads.at(0).key, "k/1");
  EXPECT_EQ(uploads.value().next_key, "k/2");
  EXPECT_EQ(uploads.value().next_id, "i2");
  const auto parts =
      parse_s3_parts(as_bytes("<ListPartsResult><IsTruncated>false</IsTruncated><Part><Size>3</Size></Part>"
                              "<Part><Size>4</Size></Part></ListPartsResult>"));
  ASSERT_TRUE(parts.ok());
  EXPECT_EQ(parts.value().bytes, 7u);
}

TEST(S3Xml, a_completion_names_its_parts_in_order) {
  EXPECT_EQ(make_s3_completion({{"\"a\"", "x="}, {"b", "y="}}),
            "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
            "<Part><PartNumber>1</PartNumber><ETag>\"a\"</ETag><ChecksumSHA256>x=</ChecksumSHA256></Part>"
            "<Part><PartNumber>2</PartNumber><ETag>b</ETag><ChecksumSHA256>y=</ChecksumSHA256></Part>"
            "</CompleteMultipartUpload>");
}

}  // namespace
}  // namespace hf
