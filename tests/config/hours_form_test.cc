#include "config/hours_form.h"

#include <gtest/gtest.h>

#include "config/cron_form.h"
#include "config/zones.h"

namespace forebay {
namespace {

TEST(HoursForm, what_is_taken) {
  for (const char* good : {"08:00-21:00", "00:00-24:00", "21:00-06:00", "21:00-00:00", "08:00-12:00,14:00-18:00",
                           "08:00-12:00, 14:00-18:00", "mon-fri 08:00-12:00,14:00-18:00; sat 09:00-12:00",
                           "sat-mon 08:00-12:00;tue 10:00-11:00", "mon,wed,fri 23:59-24:00", "Mon-FRI 08:00-12:00",
                           "mon,thu-sat 08:00-12:00"}) {
    EXPECT_EQ(why_not_hours(good), "") << good;
  }
}

TEST(HoursForm, what_is_not) {
  for (const char* bad : {"",
                          " ",
                          ";",
                          "mon",
                          "mon ",
                          "8:00-12:00",
                          "08:00",
                          "08:00-",
                          "-12:00",
                          "08:00-08:00",
                          "24:00-08:00",
                          "08:00-24:01",
                          "08:00-25:00",
                          "08:60-09:00",
                          "08.00-09.00",
                          "08:00 - 09:00",
                          "08:00-09:00;",
                          "mon-08:00-09:00",
                          "mond 08:00-09:00",
                          "mon- 08:00-09:00",
                          "08:00-09:00,",
                          "08:00-09:00 mon",
                          "mon-fri-sat 08:00-09:00",
                          "+8:00-09:00",
                          "08:00-09:000"}) {
    EXPECT_NE(why_not_hours(bad), "") << bad;
  }
}

constexpr size_t hour = 60, day = 24 * hour;

TEST(OpenMinutes, of_a_week) {
  const WeekMinutes all = open_minutes("");
  EXPECT_TRUE(all.all());
  const WeekMinutes work = open_minutes("mon-fri 08:00-12:00; sat 09:00-09:01");
  EXPECT_EQ(work.count(), 5 * 4 * hour + 1);
  EXPECT_FALSE(work[8 * hour - 1]);
  EXPECT_TRUE(work[8 * hour]);
  EXPECT_TRUE(work[12 * hour - 1]);
  EXPECT_FALSE(work[12 * hour]);
  EXPECT_TRUE(work[5 * day + 9 * hour]);
}

TEST(OpenMinutes, go_over_midnight_and_the_end_of_the_week) {
  const WeekMinutes night = open_minutes("sun 21:00-06:00");
  EXPECT_EQ(night.count(), 9 * hour);
  EXPECT_TRUE(night[6 * day + 21 * hour]);
  EXPECT_TRUE(night[0]);
  EXPECT_TRUE(night[6 * hour - 1]);
  EXPECT_FALSE(night[6 * hour]);
}

TEST(CronForm, what_is_taken) {
  for (const char* good : {"* * * * *", "0 2 * * *", "*/15 8-18/2 1,15 jan-mar mon-fri", "0 0 29 feb *", "0 0 31 1,2 *",
                           "0 0 30 2 mon", "0 0 * * 0,7", "0 0 * * fri-sun", "  0   2 * * SAT ", "59 23 31 12 7"}) {
    EXPECT_EQ(why_not_cron(good), "") << good;
  }
}

TEST(CronForm, what_is_not) {
  for (const char* bad : {"",
                          "@daily",
                          "* * * *",
                          "* * * * * *",
                          "60 * * * *",
                          "-1 * * * *",
                          "* 24 * * *",
                          "* * 0 * *",
                          "* * 32 * *",
                          "* * * 0 *",
                          "* * * 13 *",
                          "* * * * 8",
                          "5-1 * * * *",
                          "5/2 * * * *",
                          "*/0 * * * *",
                          "*/60 * * * *",
                          "1, * * * *",
                          "1- * * * *",
                          "mon * * * *",
                          "* * * mon *",
                          "* * * * jan",
                          "*- * * * *",
                          "0 0 30 2 *",
                          "0 0 31 apr,jun *",
                          "0x1 * * * *",
                          "1.5 * * * *",
                          "? * * * *"}) {
    EXPECT_NE(why_not_cron(bad), "") << bad;
  }
}

TEST(Zones, names) {
  for (const char* good : {"UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York"})
    EXPECT_TRUE(is_zone(good)) << good;
  for (const char* bad : {"", "Mars/Olympus", "../UTC", "asia/shanghai ", "+08:00"}) EXPECT_FALSE(is_zone(bad)) << bad;
  EXPECT_EQ(nearest_zone("Asia/Shangai"), "Asia/Shanghai");
  EXPECT_EQ(nearest_zone("asia/shanghai"), "Asia/Shanghai");
  EXPECT_EQ(nearest_zone("Berlin"), "Europe/Berlin");
  EXPECT_EQ(nearest_zone("Olympus Mons"), "");
}

}  // namespace
}  // namespace forebay
