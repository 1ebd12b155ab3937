// Every way in which a cut can leave an operation, and tear(), which does it to an operation from outside.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "dualbank/sim/nor_flash.hpp"
#include "dualbank/sim/parts.hpp"

namespace dualbank::sim {
namespace {

using Kind = Tear::Kind;

constexpr Geometry kFine{.size_bytes = 0x4000, .erase_units = 0x1000};

std::vector<std::byte> filled(std::size_t size, int value) { return {size, static_cast<std::byte>(value)}; }

std::vector<std::byte> contents_of(const NorFlash& flash) { return {flash.contents().begin(), flash.contents().end()}; }

struct TornErase {
  TornErase(const Tear& tear, int before) {
    flash.put(0, filled(0x1000, before));
    flash.cut_at(0, tear);
    EXPECT_EQ(flash.erase(0, 0x1000), Status::power_lost);
  }
  NorFlash flash{kFine};
};

bool page_is(const NorFlash& flash, std::uint32_t page, int value) {
  return all_equal(flash.contents().subspan(page * 256, 256), static_cast<std::byte>(value));
}

std::uint32_t marginal_bytes(const NorFlash& flash, std::uint32_t from, std::uint32_t to) {
  std::uint32_t count = 0;
  for (std::uint32_t at = from; at < to; ++at) count += flash.marginal_at(at) == std::byte{0} ? 0U : 1U;
  return count;
}

TEST(NorFlashTear, AProgramStopsAtEveryWriteUnitFromEitherEnd) {
  for (const std::uint8_t unit : {std::uint8_t{1}, std::uint8_t{2}, std::uint8_t{4}, std::uint8_t{8}}) {
    for (std::uint32_t units = 0; units <= 32u / unit; ++units) {
      for (const Kind kind : {Kind::prefix, Kind::suffix}) {
        NorFlash flash({.size_bytes = 0x1000, .write_unit_bytes = unit});
        flash.cut_at(0, {.kind = kind, .units = units});
        ASSERT_EQ(flash.program(0, filled(32, 0)), Status::power_lost);
        const std::uint32_t done = units * unit;
        const auto bytes = flash.contents().first(32);
        EXPECT_TRUE(all_equal(kind == Kind::prefix ? bytes.first(done) : bytes.last(done), std::byte{0}));
        EXPECT_TRUE(all_equal(kind == Kind::prefix ? bytes.last(32 - done) : bytes.first(32 - done), std::byte{0xFF}));
      }
    }
  }
}

TEST(NorFlashTear, AnEraseThatProgramsFirstErasesFromEitherEndOrAnywhere) {
  const TornErase front({.kind = Kind::prefix, .units = 2, .programs_first = true}, 0x5A);
  EXPECT_TRUE(page_is(front.flash, 1, 0xFF));
  EXPECT_TRUE(page_is(front.flash, 2, 0));
  const TornErase back({.kind = Kind::suffix, .units = 2, .programs_first = true}, 0x5A);
  EXPECT_TRUE(page_is(back.flash, 13, 0));
  EXPECT_TRUE(page_is(back.flash, 14, 0xFF));
  const TornErase anywhere({.kind = Kind::bits, .seed = 3, .programs_first = true}, 0xFF);
  EXPECT_FALSE(page_is(anywhere.flash, 0, 0));
  EXPECT_FALSE(page_is(anywhere.flash, 0, 0xFF)) << "also of a blank sector";
}

TEST(NorFlashTear, AnEraseCanBeCutWhileItStillPrograms) {
  const TornErase front({.kind = Kind::prefix, .units = 2, .programs_first = true, .still_programs = true}, 0x5A);
  EXPECT_TRUE(page_is(front.flash, 0, 0));
  EXPECT_TRUE(page_is(front.flash, 1, 0));
  EXPECT_TRUE(page_is(front.flash, 2, 0x5A));
  EXPECT_TRUE(page_is(front.flash, 15, 0x5A));
  const TornErase back({.kind = Kind::suffix, .units = 1, .programs_first = true, .still_programs = true}, 0x5A);
  EXPECT_TRUE(page_is(back.flash, 14, 0x5A));
  EXPECT_TRUE(page_is(back.flash, 15, 0));
  const TornErase anywhere({.kind = Kind::bits, .seed = 3, .programs_first = true, .still_programs = true}, 0x5A);
  EXPECT_FALSE(page_is(anywhere.flash, 0, 0x5A));
  for (const std::byte b : anywhere.flash.contents().first(0x1000)) {
    ASSERT_EQ(b & std::byte{0xA5}, std::byte{0}) << "no bit is erased yet";
  }
}

TEST(NorFlashTear, AnEraseThatDoesNotProgramFirstHasNoSuchMoment) {
  const Tear plain{.kind = Kind::prefix, .units = 2};
  Tear odd = plain;
  odd.still_programs = true;
  EXPECT_EQ(contents_of(TornErase(odd, 0x5A).flash), contents_of(TornErase(plain, 0x5A).flash));
}

TEST(NorFlashTear, EveryClassCanLeaveMarginalBits) {
  const auto of_page = [](const Tear& tear, std::uint32_t page) {
    return marginal_bytes(TornErase(tear, 0x5A).flash, page * 256, page * 256 + 256);
  };
  EXPECT_EQ(of_page({.kind = Kind::prefix, .units = 2, .marginal = true}, 2), 256u);
  EXPECT_EQ(of_page({.kind = Kind::prefix, .units = 2, .marginal = true}, 3), 0u);
  EXPECT_EQ(of_page({.kind = Kind::suffix, .units = 2, .marginal = true}, 13), 256u);
  EXPECT_EQ(of_page({.kind = Kind::suffix, .units = 2, .marginal = true}, 14), 0u);
  EXPECT_GT(of_page({.kind = Kind::bits, .seed = 1, .marginal = true}, 5), 128u);
  EXPECT_EQ(of_page({.kind = Kind::prefix, .units = 2, .programs_first = true, .marginal = true}, 2), 256u);
  const Tear still{.kind = Kind::prefix, .units = 2, .programs_first = true, .still_programs = true, .marginal = true};
  EXPECT_EQ(of_page(still, 2), 256u);
  EXPECT_EQ(of_page(still, 1), 0u);
  EXPECT_EQ(of_page(still, 3), 0u);
  EXPECT_EQ(TornErase(still, 0x5A).flash.marginal_at(0x200), std::byte{0x5A}) << "only bits that were still erased";
}

TEST(NorFlashTear, AnEraseThatProgramsFirstUsesUpBlankUnitsOfWriteOnceFlash) {
  const Geometry once{
      .size_bytes = 0x1000, .erase_units = 0x1000, .page_bytes = 256, .write_unit_bytes = 8, .can_reprogram = false};
  NorFlash flash(once);
  flash.cut_at(0, {.kind = Kind::prefix, .units = 15, .programs_first = true});
  ASSERT_EQ(flash.erase(0, 0x1000), Status::power_lost);
  flash.reboot();
  EXPECT_EQ(flash.program(0, filled(8, 0)), Status::flash_not_erased);
  ASSERT_EQ(flash.erase(0, 0x1000), Status::ok);
  EXPECT_EQ(flash.program(0, filled(8, 0)), Status::ok);
}

// ---- tear(): the same from outside

/// A flash with a history: programmed here and there, and a torn erase or two behind it.
void live(NorFlash& flash, std::mt19937& random) {
  const Geometry& g = flash.geometry();
  const auto pick = [&random](std::uint32_t below) { return static_cast<std::uint32_t>(random() % below); };
  for (int i = 0; i < 12; ++i) {
    if (pick(4) == 0) {
      const std::uint32_t sector = pick(g.size_bytes / g.sector_bytes()) * g.sector_bytes();
      if (pick(2) == 0) flash.cut_at(0, {.kind = Kind::bits, .seed = pick(99), .marginal = pick(2) == 0});
      static_cast<void>(flash.erase(sector, g.sector_bytes()));
    } else {
      const std::uint32_t page = pick(g.size_bytes / g.page_bytes) * g.page_bytes;
      std::vector<std::byte> bytes = filled(g.page_bytes, 0);
      for (std::byte& b : bytes) b = static_cast<std::byte>(random());
      static_cast<void>(flash.program(page, bytes));
    }
    if (!flash.power_on()) flash.reboot();
  }
}

Tear any_tear(std::mt19937& random) {
  const auto pick = [&random](std::uint32_t below) { return static_cast<std::uint32_t>(random() % below); };
  return {.kind = static_cast<Kind>(pick(5)),
          .units = pick(20),
          .seed = pick(1000),
          .programs_first = pick(2) == 0,
          .still_programs = pick(2) == 0,
          .marginal = pick(2) == 0};
}

TEST(NorFlashTear, FromOutsideLeavesWhatTheCutLeaves) {
  std::mt19937 random(20261122);
  int different = 0;
  for (const Part& part : all_parts()) {
    const Part small = part.with_size(2 * part.geometry.sector_bytes());
    const int rounds = part.geometry.sector_bytes() <= 0x4000 ? 60 : 4;
    for (int round = 0; round < rounds; ++round) {
      NorFlash flash(small);
      live(flash, random);
      const std::uint64_t begun = flash.digest();
      const Tear tear = any_tear(random);
      NorFlash::Snapshot before;
      Op op;
      std::vector<std::byte> data;
      flash.witness([&](const Op& seen, Bytes bytes) {
        before = flash.snapshot();
        op = seen;
        data.assign(bytes.begin(), bytes.end());
      });
      flash.cut_at(0, tear);
      const std::uint32_t sector = part.geometry.sector_bytes();
      const bool erases = round % 2 == 0;
      // A page of nothing new can be programmed whatever stands there, but not on a flash that is written once.
      const std::uint32_t page = sector - part.geometry.page_bytes;
      std::vector<std::byte> bytes(part.geometry.page_bytes);
      ASSERT_EQ(flash.read(page, bytes), Status::ok);
      for (std::byte& b : bytes) {
        const auto programs = static_cast<std::byte>(random());
        b = part.geometry.erased == std::byte{0} ? b | programs : b & programs;
      }
      const Status status = erases ? flash.erase(0, sector) : flash.program(page, bytes);
      if (status != Status::power_lost) {
        ASSERT_FALSE(part.geometry.can_reprogram) << part.name;
        continue;
      }
      if (flash.digest() != begun) ++different;

      NorFlash other(small);
      other.restore(before);
      other.tear(op, data, tear);
      EXPECT_FALSE(other.power_on());
      EXPECT_EQ(other.digest(), flash.digest()) << part.name << " " << round;
      for (int boot = 0; boot < 3; ++boot) {
        ASSERT_EQ(contents_of(other), contents_of(flash)) << part.name << " " << round << " boot " << boot;
        flash.reboot();
        other.reboot();
      }
      EXPECT_EQ(other.erase(0, sector), flash.erase(0, sector));
    }
  }
  EXPECT_GT(different, 200) << "tears that change something";
}

// ---- witness

TEST(NorFlashWitness, IsCalledBeforeWithTheDataAndTheObserverAfter) {
  NorFlash flash(kFine);
  std::vector<std::string> calls;
  std::vector<std::byte> seen;
  flash.witness([&](const Op& op, Bytes data) {
    calls.push_back(op.kind == OpKind::erase ? "erase?" : "program?");
    seen.assign(data.begin(), data.end());
    EXPECT_TRUE(op.kind == OpKind::erase || flash.contents()[0x20] == std::byte{0xFF});
  });
  flash.observe([&](const Op& op) {
    calls.push_back(op.kind == OpKind::erase ? "erase!" : "program!");
    EXPECT_TRUE(op.kind == OpKind::erase || flash.contents()[0x20] == std::byte{0x12});
  });
  ASSERT_EQ(flash.program(0x20, filled(2, 0x12)), Status::ok);
  EXPECT_EQ(seen, filled(2, 0x12));
  ASSERT_EQ(flash.erase(0, 0x1000), Status::ok);
  EXPECT_TRUE(seen.empty());
  EXPECT_EQ(calls, (std::vector<std::string>{"program?", "program!", "erase?", "erase!"}));
}

TEST(NorFlashWitness, SeesTheOperationThatIsCutAndNoneThatIsRefused) {
  NorFlash flash(kFine);
  std::vector<Op> seen;
  flash.witness([&](const Op& op, Bytes) { seen.push_back(op); });
  EXPECT_EQ(flash.erase(4, 0x1000), Status::flash_misaligned);
  flash.fail_at(0, Status::flash_erase_failed);
  EXPECT_EQ(flash.erase(0, 0x1000), Status::flash_erase_failed);
  flash.cut_at(0, {});
  EXPECT_EQ(flash.erase(0x1000, 0x1000), Status::power_lost);
  EXPECT_EQ(seen, (std::vector<Op>{{OpKind::erase, 0x1000, 0x1000, true}}));
}

}  // namespace
}  // namespace dualbank::sim
