/** Vendor id of pid.codes. */
export const USB_VENDOR_ID = 0x1209;

/** pid.codes' product id for tests, until one of our own is registered there: no key says yet that it is a product. */
export const USB_PRODUCT_ID = 0x0001;

/** Usage page and usage of the interface that takes command 0x59. */
export const COUNTERSIGN_USAGE_PAGE = 0xff43;
/** Usage page and usage of the interface that speaks CTAP2, and that FIDO2 keys of others have. */
export const FIDO_USAGE_PAGE = 0xf1d0;
/** Usage of both. */
export const KEY_USAGE = 1;

/** Name of the rule's file: udev reads by name, and 73-seat-late.rules acts on the tag. */
export const UDEV_RULE_FILE = "70-countersign.rules";

/**
 * The line of packaging/udev/70-countersign.rules: who sits at the PC may open our keys, and nobody else. A test compares
 * them.
 */
export const UDEV_RULE: string = `SUBSYSTEM=="hidraw", ATTRS{idVendor}=="${usbId(USB_VENDOR_ID)}", ATTRS{idProduct}=="${usbId(USB_PRODUCT_ID)}", TAG+="uaccess"`;

function usbId(id: number): string {
  return id.toString(16).padStart(4, "0");
}
