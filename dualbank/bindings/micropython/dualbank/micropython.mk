# The module for ports that build with make: USER_C_MODULES=.../dualbank/bindings/micropython
# Objects go to BUILD/dualbank, after this folder's name; BUILD/micropython is the program on unix.

DUALBANK_DIR := $(USERMOD_DIR)
DUALBANK_ROOT := $(DUALBANK_DIR)/../../../..
DUALBANK_CORE := core_engine core_formats core_interface core_updater

SRC_USERMOD_LIB_CXX += $(DUALBANK_CORE:%=$(DUALBANK_DIR)/%.cpp)
ifeq ($(CIRCUITPY_DUALBANK),1)
# CircuitPython's espressif port has a module of that name: circuitpython/__init__.c takes the place of the half that its
# common-hal/dualbank has.
SRC_USERMOD_LIB_C += $(DUALBANK_DIR)/esp_flash.c
else
SRC_USERMOD_C += $(DUALBANK_DIR)/moddualbank.c $(DUALBANK_DIR)/block_device.c $(DUALBANK_DIR)/board.c \
	$(DUALBANK_DIR)/error.c $(DUALBANK_DIR)/esp_flash.c $(DUALBANK_DIR)/report.c
endif
CFLAGS_USERMOD += -I$(DUALBANK_ROOT)

# Some ports give C++ files none of their flags, not even the core's (-mcpu): the objects would link, and fault when called.
# So C++ gets the C flags here, but for those that only C has.
DUALBANK_CXXFLAGS = $(filter-out -std=% -Wmissing-prototypes -Werror=missing-prototypes -Wstrict-prototypes \
	-Wold-style-definition -Werror=old-style-definition -Wnested-externs -Werror-implicit-function-declaration \
	-Wimplicit-function-declaration -Werror=implicit-function-declaration,$(CFLAGS)) \
	-std=c++20 -fno-exceptions -fno-rtti -fno-threadsafe-statics -I$(DUALBANK_ROOT)
$(DUALBANK_CORE:%=$(BUILD)/$(notdir $(DUALBANK_DIR))/%.o): CXXFLAGS = $(DUALBANK_CXXFLAGS)
