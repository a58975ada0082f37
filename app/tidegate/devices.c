/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "devices.h"

/* Copies the value of "iface=" out of a device string. False when there is none. */
static bool
iface_of(const char *device, char *name, size_t size)
{
	const char *at = strstr(device, ",iface=");
	size_t n;

	if (at == NULL)
		return false;
	at += strlen(",iface=");
	n = strcspn(at, ",");
	if (n >= size)
		n = size - 1;
	memcpy(name, at, n);
	name[n] = '\0';
	return true;
}

/* "0000:01:00.0" or "01:00.0": copies it with its domain. */
static bool
pci_of(const char *device, char *name, size_t size)
{
	unsigned dom = 0, bus, dev, fn;
	char end;

	if (sscanf(device, "%4x:%2x:%2x.%1x%c", &dom, &bus, &dev, &fn, &end) != 4) {
		dom = 0;
		if (sscanf(device, "%2x:%2x.%1x%c", &bus, &dev, &fn, &end) != 3)
			return false;
	}
	snprintf(name, size, "%04x:%02x:%02x.%x", dom, bus, dev, fn);
	return true;
}

int
devices_check(const struct config *c, char *err)
{
	char name[128], where[32], path[192];

	for (unsigned i = 0; i < c->nb_ports; i++) {
		const char *device = c->port[i].device;

		snprintf(where, sizeof(where), "ports[%u].device", i);
		/* net_tap makes its interface; these two want one that is there. */
		if ((strncmp(device, "net_af_packet", 13) == 0 ||
			    strncmp(device, "net_af_xdp", 10) == 0) &&
			iface_of(device, name, sizeof(name)) && if_nametoindex(name) == 0)
			return config_error(c, err, where,
				"no such device: there is no interface %s; name one that ip link "
				"shows",
				name);
		if (!pci_of(device, name, sizeof(name)))
			continue;
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", name);
		if (access(path, F_OK) != 0)
			return config_error(c, err, where,
				"no such device: there is no PCI device %s; name one that lspci -D "
				"shows",
				name);
	}
	return 0;
}

bool
devices_driver(const char *device, char *out, size_t size)
{
	static const char *const usable[] = {
		"vfio-pci", "uio_pci_generic", "igb_uio", "mlx4_core", "mlx5_core"};
	char name[128], path[192], driver[256];
	const char *last;
	ssize_t n;

	out[0] = '\0';
	if (!pci_of(device, name, sizeof(name)))
		return false;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", name);
	n = readlink(path, driver, sizeof(driver) - 1);
	if (n < 0)
		return true;
	driver[n] = '\0';
	last = strrchr(driver, '/');
	snprintf(out, size, "%s", last != NULL ? last + 1 : driver);
	for (unsigned i = 0; i < sizeof(usable) / sizeof(usable[0]); i++)
		if (strcmp(out, usable[i]) == 0)
			return false;
	return true;
}
