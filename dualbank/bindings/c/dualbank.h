/* dualbank for C99 and for everything that can call C: firmware updates in two slots (app partitions) that no power cut
 * can brick. The same engine and the same rules as in C++ (dualbank/engine/updater.hpp), and nothing more: no heap, no
 * threads, no static state. Every call names the memory that it works with.
 *
 *     static const dualbank_flash chip = {.size_bytes = 4194304, .read = chip_read, .program = chip_program,
 *                                         .erase = chip_erase};
 *     static dualbank_updater updater;
 *
 *     dualbank_options options = dualbank_default_options();
 *     options.running_slot = slot_that_runs();
 *     dualbank_status status = dualbank_open(&updater, &chip, &options);
 *     if (status == DUALBANK_OK) status = dualbank_flash_at(&updater, bytes, size, offset);
 *     if (status == DUALBANK_OK) status = dualbank_switch(&updater);
 *
 * One updater, one flash, one thread. A call that is refused has changed nothing, unless it says otherwise. */
#ifndef DUALBANK_H
#define DUALBANK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Versions ---------------------------------------------------------------------------------------------------- */

/* Of this header: grows when something is added, and starts over one major number higher when something changes. */
#define DUALBANK_C_MAJOR UINT32_C(1)
#define DUALBANK_C_MINOR UINT32_C(2)

/* Of the library that is linked: major << 16 | minor. Fits this header when the major numbers are the same and the
 * library's minor number is not smaller: dualbank_c_version_fits(). */
uint32_t dualbank_c_version(void);
static inline bool dualbank_c_version_fits(void) {
  const uint32_t here = DUALBANK_C_MAJOR << 16 | DUALBANK_C_MINOR;
  return dualbank_c_version() >> 16 == here >> 16 && dualbank_c_version() >= here;
}

/* ---- What calls answer ------------------------------------------------------------------------------------------- */

/* 0 is ok, 1 to 199 are errors, 200 and more are events that only dualbank_last_event() tells. The numbers are those of
 * docs/ERRORS.md and never change. Some by name; the others as numbers, or by dualbank_status_name(). */
typedef uint8_t dualbank_status;

#define DUALBANK_OK 0u
#define DUALBANK_STOPPED 1u
#define DUALBANK_NOT_OPEN 2u
#define DUALBANK_READ_ONLY 3u
#define DUALBANK_BAD_ARGUMENT 4u
#define DUALBANK_FLASH_READ_FAILED 10u
#define DUALBANK_FLASH_PROGRAM_FAILED 11u
#define DUALBANK_FLASH_ERASE_FAILED 12u
#define DUALBANK_FLASH_TIMEOUT 17u
#define DUALBANK_POWER_LOST 18u
#define DUALBANK_IMAGE_EMPTY_SLOT 96u
/* Of dualbank_open(): the layout is known and can be looked at, but not be updated in two slots. */
#define DUALBANK_LAYOUT_NO_OTADATA 140u
#define DUALBANK_LAYOUT_OTADATA_TOO_SMALL 141u
#define DUALBANK_LAYOUT_NO_SLOTS 142u
#define DUALBANK_LAYOUT_ONE_SLOT 143u
#define DUALBANK_TRIAL_FAILED 170u
#define DUALBANK_STORAGE_EXTENDED 171u

/* A status and up to three values that it speaks of. */
typedef struct dualbank_event {
  dualbank_status code;
  uint32_t values[3];
} dualbank_event;

/* "wrong_chip": as in C++, JSON and Python. "unknown" for a number that has none. */
const char* dualbank_status_name(dualbank_status code);

/* The sentence for an event and what to do about it, cut to `size` and always ended with a NUL; answers `text`.
 * An object file of its own, with all the sentences: not linked unless called. size 0: nothing is written, "" is answered. */
const char* dualbank_explain(const dualbank_event* event, char* text, size_t size);
/* The same in two parts: the sentence alone, and what to do about it ("" when there is nothing to do). */
const char* dualbank_explain_what(const dualbank_event* event, char* text, size_t size);
const char* dualbank_explain_cure(const dualbank_event* event, char* text, size_t size);

/* How many of an event's values count, 0 to 3; the name of each, cut to `size` and ended with a NUL; and what it is: a
 * slot (the number is a dualbank_slot, cut to 32 bits), a chip's id, a record's state. */
typedef enum dualbank_value_kind {
  DUALBANK_VALUE_NUMBER = 0,
  DUALBANK_VALUE_HEXADECIMAL = 1,
  DUALBANK_VALUE_CHIP = 2,
  DUALBANK_VALUE_SLOT = 3,
  DUALBANK_VALUE_SIZE = 4,
  DUALBANK_VALUE_STATE = 5
} dualbank_value_kind;
uint32_t dualbank_value_count(dualbank_status code);
dualbank_value_kind dualbank_value_name(dualbank_status code, uint32_t index, char* name, size_t size);

/* "esp32s3"; NULL for an id that is not known. */
const char* dualbank_chip_name(uint32_t chip_id);
/* Of a boot record: "new", "pending_verify", "valid", "invalid", "aborted", "undefined". */
const char* dualbank_state_name(uint32_t state);
/* What an event's value names: a slot, a chip or a state. NULL: it names none, or it is a number. */
const char* dualbank_value_word(dualbank_value_kind kind, uint32_t value);

/* ---- The flash ---------------------------------------------------------------------------------------------------- */

/* Four functions and a few numbers (dualbank/engine/flash.hpp). Each function answers DUALBANK_OK or an error, after which
 * dualbank leaves the flash alone in that call: DUALBANK_FLASH_READ_FAILED, _PROGRAM_FAILED, _ERASE_FAILED, _TIMEOUT or
 * DUALBANK_POWER_LOST. Addresses count bytes from the chip's start. */
typedef struct dualbank_flash {
  void* context; /* the first argument of each function */

  /* Copies `size` bytes from `address`. No alignment. */
  dualbank_status (*read)(void* context, uint32_t address, void* into, uint32_t size);
  /* Clears bits: afterwards each byte reads as old AND new. Never crosses a page, is aligned to write units. Bytes
   * outside keep their values. */
  dualbank_status (*program)(void* context, uint32_t address, const void* bytes, uint32_t size);
  /* Erases exactly one erase unit: `size` is one of erase_units, `address` a multiple of it. */
  dualbank_status (*erase)(void* context, uint32_t address, uint32_t size);
  /* Returns when everything before it would survive a power cut. NULL: the others are durable when they return. */
  dualbank_status (*sync)(void* context);

  uint32_t size_bytes;      /* the whole chip; a multiple of the smallest erase unit */
  uint32_t erase_units;     /* bit n set: 2^n bytes can be erased at once, 0x11000: 4 KiB and 64 KiB. 0: 4 KiB */
  uint16_t page_bytes;      /* one program never crosses a multiple of this. 0: 256 */
  uint8_t write_unit_bytes; /* offset and length of a program are multiples of this. 0: 1 */
  uint8_t erases_to_zero;   /* not 0: an erased byte reads 00, and not FF */
  uint8_t programs_once;    /* not 0: a unit that was programmed cannot be programmed again (ECC, encryption) */
  uint16_t erase_ms[4];     /* what an erase takes, of each unit from the smallest on, in milliseconds; 0: not known */
} dualbank_flash;

/* ---- Slots -------------------------------------------------------------------------------------------------------- */

/* 0 to 15 are ota_0 to ota_15. */
typedef int8_t dualbank_slot;
#define DUALBANK_SLOT_FACTORY (-1)
#define DUALBANK_SLOT_TEST (-2)
#define DUALBANK_SLOT_NONE (-99)
#define DUALBANK_SLOT_UNKNOWN (-100)

/* "ota_0", "factory" ...; NULL for none. And back: DUALBANK_SLOT_NONE for what names none. */
const char* dualbank_slot_name(dualbank_slot slot);
dualbank_slot dualbank_slot_named(const char* name);

#define DUALBANK_UNKNOWN_LENGTH 0xFFFFFFFFu
#define DUALBANK_ANY_CHIP 0xFFFFu

/* ---- The updater -------------------------------------------------------------------------------------------------- */

/* Which bootloader is on the device. */
typedef enum dualbank_policy {
  DUALBANK_STOCK = 0,          /* the vendor's, without rollback */
  DUALBANK_STOCK_ROLLBACK = 1, /* the vendor's, with it */
  DUALBANK_OWN = 2             /* dualbank's own */
} dualbank_policy;
/* "stock", "stock-rollback", "dualbank"; NULL for any other number. And back: -1 for what names none. */
const char* dualbank_policy_name(dualbank_policy policy);
int dualbank_policy_named(const char* name);

/* Called between flash operations: feeds watchdogs and progress bars. false stops the call with DUALBANK_STOPPED; the
 * same call again goes on. It must not call the updater. */
typedef bool (*dualbank_between_units)(void* context, uint32_t done_bytes, uint32_t total_bytes);

/* Half open: [from, to) of the image. Empty when both are the same. */
typedef struct dualbank_range {
  uint32_t from;
  uint32_t to;
} dualbank_range;

/* A place on the flash. Size 0: it is not there. */
typedef struct dualbank_extent {
  uint32_t offset;
  uint32_t size_bytes;
} dualbank_extent;

/* Where things are, on a device without a partition table. */
typedef struct dualbank_layout {
  uint8_t slot_count; /* 2 to 16 */
  dualbank_extent slots[16];
  dualbank_extent otadata; /* two sectors for the boot records */
  dualbank_extent factory;
} dualbank_layout;

/* Of a flash that holds data and nothing else: the boot records in two sectors, of 4 KiB at least, then two slots of one
 * size, as large as there is room for. `sector_bytes`: the smallest erase unit. */
dualbank_layout dualbank_data_layout(uint32_t size_bytes, uint32_t sector_bytes);

/* Tells when to erase, and never what is written. */
typedef enum dualbank_likeness {
  DUALBANK_LIKENESS_UNKNOWN = 0, /* judged by what has come so far */
  DUALBANK_SIMILAR = 1,          /* many sectors hold the right bytes already: each is erased when its own have come */
  DUALBANK_DIFFERENT = 2         /* hardly any does: whole blocks at once */
} dualbank_likeness;

/* All optional; start from dualbank_default_options(). */
typedef struct dualbank_options {
  /* Memory for one granule (4 KiB up to slots of 3 MiB) lets sectors that hold the right bytes already stay as they are
   * when they come in smaller pieces. It stays the updater's until it is opened anew. */
  void* workspace;
  size_t workspace_bytes;
  /* Room for more pieces received out of order than the 8 that the updater has room for itself. As of workspace. */
  dualbank_range* gaps;
  size_t gap_count;
  uint16_t longest_erase_ms; /* no erase is begun that takes longer; 0: any. Where erase_ms does not tell: sectors only */
  bool trust_blank;          /* sectors that read erased are not erased; not where another program's erase may be cut */
  dualbank_likeness likeness; /* of what dualbank_begin() begins to what the slot holds */
  dualbank_between_units between_units;
  void* between_units_context;
  dualbank_slot running_slot; /* DUALBANK_SLOT_UNKNOWN: the one that would boot now */
  dualbank_policy policy;
  uint16_t chip_id;          /* DUALBANK_ANY_CHIP: that of the image which runs */
  uint32_t table_offset;     /* of the partition table */
  const dualbank_layout* layout; /* instead of a table; used during dualbank_open() */
  const void* native_records; /* dualbank_native_records(): for flashes that the vendor's boot records cannot be kept on */
  bool anti_rollback;        /* refuse images whose secure version is below the next number */
  uint32_t lowest_secure_version;
  bool allow_foreign;        /* take images without descriptor or SHA-256 */
  bool allow_unconfirmed;    /* update although the running image is on trial: its fallback is lost */
  bool read_only;            /* look, never write */
} dualbank_options;

dualbank_options dualbank_default_options(void);
/* An object file of its own: not linked unless called. */
const void* dualbank_native_records(void);

/* What open() found; every call keeps it up to date. */
typedef struct dualbank_state {
  dualbank_slot running_slot;
  dualbank_slot boot_slot; /* what the boot records name; DUALBANK_SLOT_NONE when none is usable */
  dualbank_slot next_update_slot;
  bool on_trial;          /* the running image was switched to and is not confirmed */
  uint8_t trial_boots;    /* of the running image so far, as far as somebody counts them */
  bool update_active;
  dualbank_slot update_slot;
  uint32_t update_length_bytes; /* DUALBANK_UNKNOWN_LENGTH until it is known */
  uint32_t update_granule_bytes; /* what a power cut can cost, at most, of an update in order */
} dualbank_state;

/* Memory for an updater, anywhere; its bytes are not to be looked at. Zeros until dualbank_open(); there is nothing to
 * close. It is not to be copied or moved while it is in use. */
#define DUALBANK_UPDATER_BYTES (1344u + 24u * sizeof(void*))
typedef union dualbank_updater {
  uint64_t align;
  void* align_pointer;
  uint8_t opaque[DUALBANK_UPDATER_BYTES];
} dualbank_updater;

/* Reads table and records, finds out what runs, and finishes or buries what a power cut left; last_event() tells. On an
 * intact flash it writes nothing. May be called again at any time, after errors of the flash it must. `flash` is used
 * until then and must stay. `options` NULL: the default ones.
 * Errors: bad_argument (1: a function of the flash is missing, 2: its geometry is not sound, 3: no such policy, 4: no such
 * likeness); those of Updater::open. */
dualbank_status dualbank_open(dualbank_updater* updater, const dualbank_flash* flash, const dualbank_options* options);

/* Starts an update, or goes on with the one under way when identity and length are the same. `identity`: anything that
 * names this image and no other, or NULL: taken from `header`. `header`: the image's first 288 bytes or more, checked
 * before anything is written, or NULL: checked when they come. Errors: those of Updater::begin. */
dualbank_status dualbank_begin(dualbank_updater* updater, const void* identity, size_t identity_bytes,
                               uint32_t length_bytes, const void* header, size_t header_bytes);

/* Writes bytes of the image at `offset`: any order, any size, twice if need be. Errors: those of Updater::flash. */
dualbank_status dualbank_flash_at(dualbank_updater* updater, const void* bytes, size_t size, uint32_t offset);
/* The same after the last byte written; from 0 when there is none, or when the bytes begin an image. */
dualbank_status dualbank_flash_next(dualbank_updater* updater, const void* bytes, size_t size);

/* Checks the image in the next-update slot and makes it boot next. Errors: those of Updater::switch_slot. */
dualbank_status dualbank_switch(dualbank_updater* updater);
dualbank_status dualbank_switch_to(dualbank_updater* updater, dualbank_slot slot);
/* The running image stays. */
dualbank_status dualbank_confirm(dualbank_updater* updater);
/* Makes the other good image boot next. */
dualbank_status dualbank_rollback(dualbank_updater* updater);
dualbank_status dualbank_rollback_to(dualbank_updater* updater, dualbank_slot slot);
/* Counts this boot of an image on trial, and goes back when `most_boots` of them have not confirmed it: see
 * Updater::boot_guard. Restart on the status "trial_failed", and only then. */
dualbank_status dualbank_boot_guard(dualbank_updater* updater, uint8_t most_boots);
/* Ends the update under way. */
dualbank_status dualbank_abandon(dualbank_updater* updater);
/* Keeps partly received sectors across a planned stop. */
dualbank_status dualbank_pause(dualbank_updater* updater);

/* The first range at or after `from` that is still to be sent; empty when there is none, or when it is not open. Before
 * the length is known (dualbank_length_known) the last one ends with the slot. */
dualbank_range dualbank_next_missing(const dualbank_updater* updater, uint32_t from);
bool dualbank_length_known(const dualbank_updater* updater);

/* Slots are DUALBANK_SLOT_NONE when it is not open. */
dualbank_state dualbank_status_of(const dualbank_updater* updater);
/* Can the bootloader go back by itself? */
typedef enum dualbank_can_roll_back { DUALBANK_CANNOT = 0, DUALBANK_CAN = 1, DUALBANK_CAN_UNKNOWN = 2 } dualbank_can_roll_back;
dualbank_can_roll_back dualbank_can_rollback(const dualbank_updater* updater);
/* What the last call answered, with values for dualbank_explain(). */
dualbank_event dualbank_last_event(const dualbank_updater* updater);

/* ---- Looking closer: what a report tells ---------------------------------------------------------------------------- */

/* These never write. They read from the flash, also where dualbank_open() found that it cannot be updated, and leave
 * dualbank_last_event() as it is. An object file of its own: not linked unless called. */

/* How many OTA slots there are: DUALBANK_SLOT_FACTORY and DUALBANK_SLOT_TEST come beside them. 0 also when no layout is
 * known, because opening failed before. */
uint8_t dualbank_slot_count(const dualbank_updater* updater);
/* Where a slot is. Size 0: there is none. */
dualbank_extent dualbank_extent_of(const dualbank_updater* updater, dualbank_slot slot);

/* What is known of an image. Texts are as the image has them, NUL at their end: look at each character before printing. */
typedef struct dualbank_image {
  bool found;                   /* its first bytes tell of an image: the rest here counts */
  bool has_descriptor;          /* the texts and secure_version are from it; empty without */
  bool has_hash;                /* sha256 is the one appended to it, and verified */
  uint8_t segment_count;
  uint16_t chip_id;
  uint32_t entry_address;
  uint32_t length_bytes;        /* DUALBANK_UNKNOWN_LENGTH of a damaged one */
  uint32_t secure_version;
  char version[33];
  char project_name[33];
  char date[17];                /* "Mmm dd yyyy" */
  char time[17];                /* "HH:MM:SS" */
  char idf_version[33];
  uint8_t sha256[32];
} dualbank_image;

/* Verifies the image in a slot as the bootloader does, reading it once in pieces of the buffer's size (a sector is quick,
 * 64 bytes at least; what is less, or not there, is not used). Code: DUALBANK_OK: all of it is in order;
 * DUALBANK_IMAGE_EMPTY_SLOT: nothing is there; else what is wrong with it, and `image` holds what its first bytes tell. */
dualbank_event dualbank_look_at_image(dualbank_updater* updater, dualbank_slot slot, void* buffer, size_t buffer_bytes,
                                      dualbank_image* image);

/* The newest boot record with a good CRC that names a slot. seq 0: none does, or it cannot be read. */
typedef struct dualbank_record {
  uint32_t seq;
  uint32_t state; /* dualbank_state_name() */
} dualbank_record;
dualbank_record dualbank_record_of(dualbank_updater* updater, dualbank_slot slot);

/* What the next reset boots, and why ("active_record": the names of boot reasons in docs/FORMAT.md). The buffer as above.
 * DUALBANK_SLOT_NONE and NULL: the flash cannot be read; DUALBANK_SLOT_NONE alone: nothing boots. */
typedef struct dualbank_next_boot {
  dualbank_slot slot;
  const char* reason;
} dualbank_next_boot;
dualbank_next_boot dualbank_predict_boot(dualbank_updater* updater, void* buffer, size_t buffer_bytes);

/* CircuitPython's drive, which can be extended into the slot that does not run (docs/FORMAT.md, "The drive"). */
typedef enum dualbank_drive_state {
  DUALBANK_DRIVE_NONE = 0,
  DUALBANK_DRIVE_UNFORMATTED = 1,
  DUALBANK_DRIVE_NOT_EXTENDED = 2,
  DUALBANK_DRIVE_EXTENDED = 3
} dualbank_drive_state;
typedef struct dualbank_drive {
  dualbank_drive_state state;
  dualbank_extent partition;
  dualbank_slot slot; /* where it goes on while it is extended, else DUALBANK_SLOT_NONE */
} dualbank_drive;
/* Code: DUALBANK_OK; DUALBANK_STORAGE_EXTENDED: the drive lies in the slot that an update would write, which the updater itself
 * does not look at; an error of the flash. `drive` NULL: not wanted. */
dualbank_event dualbank_look_at_drive(dualbank_updater* updater, dualbank_drive* drive);

#ifdef __cplusplus
}
#endif

#endif
