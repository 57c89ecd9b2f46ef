/** Errors of one of several devices. */
import { HostError } from "../errors.ts";

/** Says which device it was. */
export function labelled(label: string, error: unknown): unknown {
  return error instanceof HostError ? new HostError(error.code, `${label}: ${error.message}`, error.data) : error;
}

/** The device or its host is gone, whatever it is asked: no fault of the request. */
export function isLoss(error: unknown): error is HostError {
  return error instanceof HostError && (error.code === "hostExited" || error.code === "deviceError");
}
