#include "backlog/frame.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "backlog/format.h"

namespace forebay {
namespace {

constexpr FrameStamp stamp{
    .segment = 7, .salt = 0xfeed'beef'1234, .number = 41, .synced_through = 39, .first = true, .last = false};

ByteBuffer frame_of(std::string_view records, const FrameStamp& with = stamp) {
  ByteBuffer frame;
  begin_frame(frame);
  frame.append(records);
  seal_frame(frame, with);
  return frame;
}

RC_GTEST_PROP(Frame, ReadsBackAsWritten, ()) {
  auto records = *rc::gen::nonEmpty(rc::gen::arbitrary<std::string>());
  const ByteBuffer frame = frame_of(records);
  RC_ASSERT(frame.size() % format::frame_alignment == 0);
  RC_ASSERT(frame.size() == format::frame_bytes(records.size()));
  FrameView view;
  RC_ASSERT(read_frame(frame.span(), stamp.segment, stamp.salt, 1, &view) == FrameState::good);
  RC_ASSERT(view.number == stamp.number);
  RC_ASSERT(view.synced_through == stamp.synced_through);
  RC_ASSERT(view.first);
  RC_ASSERT(!view.last);
  RC_ASSERT(view.bytes == frame.size());
  RC_ASSERT(std::string_view(reinterpret_cast<const char*>(view.records.data()), view.records.size()) == records);
}

TEST(Frame, EveryChangedByteIsNoticedAndStillKnownForOurs) {
  ByteBuffer frame = frame_of("a record, and another one");
  FrameView view;
  for (size_t at = 0; at < frame.size(); ++at) {
    for (const auto flip : {std::byte{1}, std::byte{0x80}, std::byte{0xff}}) {
      frame.data()[at] ^= flip;
      EXPECT_EQ(read_frame(frame.span(), stamp.segment, stamp.salt, stamp.number, &view), FrameState::bad)
          << "byte " << at;
      frame.data()[at] ^= flip;
    }
  }
}

TEST(Frame, OfAnotherGenerationIsNothing) {
  const ByteBuffer frame = frame_of("from an earlier life");
  FrameView view;
  EXPECT_EQ(read_frame(frame.span(), stamp.segment + 3, stamp.salt + 1, 1, &view), FrameState::nothing);
  EXPECT_NE(read_frame(frame.span(), stamp.segment, stamp.salt + 1, 1, &view), FrameState::good);
}

TEST(Frame, CutShortIsBad) {
  const ByteBuffer frame = frame_of(std::string(900, 'x'));
  FrameView view;
  for (size_t kept = format::frame_header_bytes; kept < frame.size(); kept += 8) {
    EXPECT_EQ(read_frame(frame.span().first(kept), stamp.segment, stamp.salt, stamp.number, &view), FrameState::bad);
  }
}

}  // namespace
}  // namespace forebay
