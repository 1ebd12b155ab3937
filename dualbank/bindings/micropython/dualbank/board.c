#include "dualbank/bindings/micropython/dualbank/board.h"

#include <string.h>

#include <py/runtime.h>

#include "dualbank/bindings/micropython/dualbank/own_flash.h"

#if !MICROPY_MODULE_BUILTIN_INIT
#error "dualbank needs MICROPY_MODULE_BUILTIN_INIT: its state must start anew with each interpreter"
#endif

MP_REGISTER_ROOT_POINTER(struct _dualbank_board_t* dualbank_board);

// Ctrl-C stops a call between two flash operations; the same call again goes on.
static bool run_pending(void* context, uint32_t done_bytes, uint32_t total_bytes) {
  (void)done_bytes;
  (void)total_bytes;
  dualbank_board_t* board = context;
  nlr_buf_t nlr;
  if (nlr_push(&nlr) == 0) {
    mp_handle_pending(true);
    nlr_pop();
    return true;
  }
  board->raised = MP_OBJ_FROM_PTR(nlr.ret_val);
  return false;
}

dualbank_board_t* dualbank_board_new(void) {
  dualbank_board_t* board = m_new_obj(dualbank_board_t);
  memset(board, 0, sizeof *board);
  board->device = MP_OBJ_NULL;
  board->raised = MP_OBJ_NULL;
  board->options = dualbank_default_options();
  board->options.workspace = board->workspace;
  board->options.workspace_bytes = sizeof board->workspace;
  board->options.gaps = board->gaps;
  board->options.gap_count = DUALBANK_GAPS;
  board->options.between_units = run_pending;
  board->options.between_units_context = board;
  return board;
}

void dualbank_board_keep(dualbank_board_t* board) { MP_STATE_VM(dualbank_board) = board; }

dualbank_board_t* dualbank_board_now(void) { return MP_STATE_VM(dualbank_board); }

void dualbank_engine_begins(dualbank_board_t* board) { board->busy = true; }

void dualbank_engine_ends(dualbank_board_t* board) {
  board->busy = false;
  const mp_obj_t raised = board->raised;
  board->raised = MP_OBJ_NULL;
  if (raised != MP_OBJ_NULL) nlr_raise(raised);
}

static bool is_about_updating(dualbank_status status) {
  return status >= DUALBANK_LAYOUT_NO_OTADATA && status <= DUALBANK_LAYOUT_ONE_SLOT;
}

static bool is_about_the_flash(dualbank_status status) {
  return status >= DUALBANK_FLASH_READ_FAILED && status <= DUALBANK_POWER_LOST;
}

void dualbank_board_start(dualbank_board_t* board) {
  const dualbank_layout layout = dualbank_data_layout(board->flash.size_bytes, board->block_bytes);
  const bool by_layout = board->device != MP_OBJ_NULL && !board->has_table;
  board->options.layout = by_layout ? &layout : NULL;
  dualbank_engine_begins(board);
  const dualbank_status status = dualbank_open(&board->updater, &board->flash, &board->options);
  board->options.layout = NULL;
  dualbank_engine_ends(board);
  const dualbank_event event = dualbank_last_event(&board->updater);
  if (status != DUALBANK_OK && !is_about_updating(status)) dualbank_raise(&event);
  board->refusal = event;
  if (status == DUALBANK_OK) {
    board->refusal.code = DUALBANK_OK;
    // What runs does not change before the next reset, whatever boots then.
    board->options.running_slot = dualbank_status_of(&board->updater).running_slot;
  }
  board->open = true;
}

dualbank_board_t* dualbank_board_open(void) {
  dualbank_board_t* board = dualbank_board_now();
  if (board == NULL) {
    dualbank_raise_as("no_flash_named", "no flash is named: call dualbank.use(device)", "call dualbank.use(device)");
  }
  if (board->busy) {
    dualbank_raise_as("busy", "this board is in the middle of another call: wait until that has returned",
                      "wait until the other call has returned");
  }
  if (!board->open) dualbank_board_start(board);
  return board;
}

dualbank_board_t* dualbank_board_to_update(void) {
  dualbank_board_t* board = dualbank_board_open();
  if (board->refusal.code != DUALBANK_OK) dualbank_raise(&board->refusal);
  return board;
}

dualbank_board_t* dualbank_begin_on_board(void) {
  dualbank_board_t* board = dualbank_board_to_update();
  dualbank_engine_begins(board);
  return board;
}

dualbank_board_t* dualbank_begin_on_slot(void) {
  dualbank_board_t* board = dualbank_begin_on_board();
  if (board->overwrite_drive) return board;
  const dualbank_event event = dualbank_look_at_drive(&board->updater, NULL);
  if (event.code == DUALBANK_OK) return board;
  dualbank_engine_ends(board);
  dualbank_raise(&event);
}

mp_obj_t dualbank_answer(dualbank_board_t* board, dualbank_status status) {
  const dualbank_event event = dualbank_last_event(&board->updater);
  if (is_about_the_flash(status)) board->open = false;
  dualbank_engine_ends(board);
  if (status != DUALBANK_OK) dualbank_raise(&event);
  return mp_const_none;
}
