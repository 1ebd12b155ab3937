// A flash over a block device object with the extended interface: readblocks and writeblocks with an offset into the
// block, ioctl 6 erases. Calls allocate nothing; what the device's own methods do is theirs.
#include <extmod/vfs.h>
#include <py/binary.h>
#include <py/objarray.h>
#include <py/runtime.h>

#include "dualbank/bindings/micropython/dualbank/board.h"

static mp_obj_t call_ioctl(mp_obj_t device, unsigned operation, uint32_t block) {
  mp_obj_t call[4];
  mp_load_method(device, MP_QSTR_ioctl, call);
  call[2] = MP_OBJ_NEW_SMALL_INT(operation);
  call[3] = MP_OBJ_NEW_SMALL_INT(block);
  return mp_call_method_n_kw(2, 0, call);
}

// None or 0 is good, as everywhere with block devices.
static bool is_good(mp_obj_t answer) { return answer == mp_const_none || answer == MP_OBJ_NEW_SMALL_INT(0); }

static bool call_on_blocks(const dualbank_board_t* board, qstr method, uint32_t address, uint8_t* bytes,
                           uint32_t size) {
  while (size != 0) {
    const uint32_t into = address & (board->block_bytes - 1);
    const uint32_t room = board->block_bytes - into;
    const uint32_t piece = size < room ? size : room;
    mp_obj_array_t view = {{&mp_type_bytearray}, BYTEARRAY_TYPECODE, 0, piece, bytes};
    mp_obj_t call[5];
    mp_load_method(board->device, method, call);
    call[2] = MP_OBJ_NEW_SMALL_INT(address / board->block_bytes);
    call[3] = MP_OBJ_FROM_PTR(&view);
    call[4] = MP_OBJ_NEW_SMALL_INT(into);
    if (!is_good(mp_call_method_n_kw(3, 0, call))) return false;
    address += piece;
    bytes += piece;
    size -= piece;
  }
  return true;
}

// What is asked of a device, by what a refusal of it means.
enum {
  kRead = DUALBANK_FLASH_READ_FAILED,
  kProgram = DUALBANK_FLASH_PROGRAM_FAILED,
  kErase = DUALBANK_FLASH_ERASE_FAILED,
};

static bool operate(const dualbank_board_t* board, int operation, uint32_t address, uint8_t* bytes, uint32_t size) {
  if (operation == kErase) {
    // None is the answer of a device that knows no such operation.
    return call_ioctl(board->device, MP_BLOCKDEV_IOCTL_BLOCK_ERASE, address / board->block_bytes) ==
           MP_OBJ_NEW_SMALL_INT(0);
  }
  if (operation == kProgram && size == 0) return is_good(call_ioctl(board->device, MP_BLOCKDEV_IOCTL_SYNC, 0));
  return call_on_blocks(board, operation == kRead ? MP_QSTR_readblocks : MP_QSTR_writeblocks, address, bytes, size);
}

// False when the device says no or raises. What it raises waits until the engine has returned: a jump across its frames
// would leave it half done.
static bool guarded(dualbank_board_t* board, int operation, uint32_t address, const void* bytes, uint32_t size) {
  if (board->raised != MP_OBJ_NULL) return false;  // the first one counts, and ends what is being done
  nlr_buf_t nlr;
  if (nlr_push(&nlr) == 0) {
    const bool good = operate(board, operation, address, (uint8_t*)(uintptr_t)bytes, size);
    nlr_pop();
    return good;
  }
  board->raised = MP_OBJ_FROM_PTR(nlr.ret_val);
  return false;
}

static dualbank_status ask_for(int operation, void* board, uint32_t address, const void* bytes, uint32_t size) {
  return guarded(board, operation, address, bytes, size) ? DUALBANK_OK : (dualbank_status)operation;
}

static dualbank_status device_read(void* context, uint32_t address, void* into, uint32_t size) {
  return ask_for(kRead, context, address, into, size);
}
static dualbank_status device_program(void* context, uint32_t address, const void* bytes, uint32_t size) {
  return ask_for(kProgram, context, address, bytes, size);
}
static dualbank_status device_erase(void* context, uint32_t address, uint32_t size) {
  return ask_for(kErase, context, address, NULL, size);  // one block
}
static dualbank_status device_sync(void* context) { return ask_for(kProgram, context, 0, NULL, 0); }

static uint32_t ask(mp_obj_t device, unsigned operation) {
  const mp_obj_t answer = call_ioctl(device, operation, 0);
  return mp_obj_is_int(answer) ? (uint32_t)mp_obj_get_int(answer) : 0;
}

void dualbank_use_block_device(dualbank_board_t* board, mp_obj_t device, bool has_table, uint32_t table_offset) {
  const uint32_t block_bytes = ask(device, MP_BLOCKDEV_IOCTL_BLOCK_SIZE);
  const uint32_t count = ask(device, MP_BLOCKDEV_IOCTL_BLOCK_COUNT);
  if (block_bytes < 256 || (block_bytes & (block_bytes - 1)) != 0 || count == 0 || count > UINT32_MAX / block_bytes) {
    mp_raise_msg_varg(
        &mp_type_ValueError,
        MP_ERROR_TEXT(
            "%u blocks of %u bytes are no flash: blocks of 256 to 4096 bytes, a power of two, below 4 GiB in all"),
        (unsigned)count, (unsigned)block_bytes);
  }
  board->device = device;
  board->block_bytes = block_bytes;
  board->has_table = has_table;
  if (has_table) board->options.table_offset = table_offset;
  board->flash.context = board;
  board->flash.read = device_read;
  board->flash.program = device_program;
  board->flash.erase = device_erase;
  board->flash.sync = device_sync;
  board->flash.size_bytes = count * block_bytes;
  board->flash.erase_units = block_bytes;
}
