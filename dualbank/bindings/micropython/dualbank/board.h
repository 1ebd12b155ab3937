// The module's one board: a flash, the updater on it, and how C calls of the engine and Python meet.
#pragma once

#include <py/obj.h>

#include "dualbank/bindings/c/dualbank.h"

#define DUALBANK_WORKSPACE_BYTES 4096
#define DUALBANK_GAPS 32

// On the interpreter's heap: its collector finds the Python objects in here. What is often asked for comes first, where
// short instructions reach.
typedef struct _dualbank_board_t {
  bool busy;               // the engine is at work
  bool open;               // false: the next call opens it first
  bool overwrite_drive;    // write the slot although the drive is extended into it
  bool has_table;          // a partition table on the block device says where the slots are
  mp_obj_t raised;         // what Python raised while the engine was at work
  mp_obj_t device;         // the block device; MP_OBJ_NULL: the board's own flash
  uint32_t block_bytes;    // of the block device
  dualbank_event refusal;  // why it cannot be updated, though it can be looked at
  dualbank_options options;
  dualbank_flash flash;
  dualbank_updater updater;
  dualbank_range gaps[DUALBANK_GAPS];
  uint8_t workspace[DUALBANK_WORKSPACE_BYTES];
} dualbank_board_t;

// board.c

// A new one without a flash, which is not the module's yet.
dualbank_board_t* dualbank_board_new(void);
// Makes it the module's board, in place of the one before; NULL: none.
void dualbank_board_keep(dualbank_board_t* board);
// The module's board, or NULL.
dualbank_board_t* dualbank_board_now(void);
// Opens a board whose flash is filled in. Raises Error when it cannot be looked at.
void dualbank_board_start(dualbank_board_t* board);
// The board, open and at rest. Raises Error: none is named, it is busy, opening fails.
dualbank_board_t* dualbank_board_open(void);
// The same; also raises when it cannot be updated.
dualbank_board_t* dualbank_board_to_update(void);

// Around each call of the engine. The second raises what Python raised meanwhile.
void dualbank_engine_begins(dualbank_board_t* board);
void dualbank_engine_ends(dualbank_board_t* board);
// The board to update, with the engine begun; the second also raises when the drive lies in the other slot.
dualbank_board_t* dualbank_begin_on_board(void);
dualbank_board_t* dualbank_begin_on_slot(void);
// Ends what these began. None, or raises what the updater answered.
mp_obj_t dualbank_answer(dualbank_board_t* board, dualbank_status status);

// error.c

extern const mp_obj_type_t dualbank_error_type;
mp_obj_t dualbank_error_of(const dualbank_event* event);
__attribute__((noreturn)) void dualbank_raise(const dualbank_event* event);
// One that is no status of the engine's.
__attribute__((noreturn)) void dualbank_raise_as(const char* code, const char* message, const char* cure);
// A str; of NULL None.
mp_obj_t dualbank_text(const char* text);
// Reads one; None: DUALBANK_SLOT_UNKNOWN. Raises ValueError or TypeError.
dualbank_slot dualbank_parse_slot(mp_obj_t name);

// report.c

// Raises ValueError or TypeError.
dualbank_policy dualbank_parse_policy(mp_obj_t name);
mp_obj_t dualbank_missing_report(dualbank_board_t* board);
mp_obj_t dualbank_status_report(dualbank_board_t* board);

// block_device.c

// Makes it the board's flash. Raises ValueError for a device that cannot be one.
void dualbank_use_block_device(dualbank_board_t* board, mp_obj_t device, bool has_table, uint32_t table_offset);
