// SPDX-License-Identifier: Apache-2.0
// consumer.cpp — bawn.h is also C++: it compiles without a warning, and its names link.
#include <bawn.h>
#include <cstring>
#include <memory>

int main()
{
	bawn_error err = BAWN_ERROR_INIT;
	struct bawn *raw = nullptr;

	if (bawn_new(&raw, &err) < 0)
		return 1;
	std::unique_ptr<struct bawn, void (*)(struct bawn *)> box(raw, bawn_free);
	const int number = bawn_option(box.get(), "no-such-option", nullptr, &err);
	return number < 0 && err.number == -number && std::strcmp(bawn_version(), VERSION) == 0 ? 0 : 1;
}
