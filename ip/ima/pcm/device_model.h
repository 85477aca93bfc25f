#pragma once

namespace ohmic::pcm {

/// A quantity as a function of relative conductance x = g / g_max: clip(slope * ln x + offset, least, most) below
/// `split`, a polynomial from there on.
struct log_then_polynomial {
  double slope, offset, least, most;
  double split;
  double coefficient[4];  ///< of x^0 .. x^3
};

/// Statistics of one phase-change memory device (or of the devices that make one side of a weight).
///
/// Conductances are in uS, times in seconds. A device is programmed once to g_P, then drifts with an exponent of its
/// own, and every read sees 1/f noise. Times t count from the end of programming; T = t + t0.
///   programming   g_P = max(0, g + sigma(x) * xi), sigma the polynomial `programming`
///   exponent      nu = |mean(x) + deviation(x) * xi|, x of the target g, not below 1e-7
///   drift         g_D = g_P * (T / t0)^-nu if t > 0, else g_P
///   read noise    g = max(0, g_D + g_D * Q(g_P / g_max) * sqrt(ln((T + t_read) / (2 t_read))) * xi) if T > 0, else g_P
///                 Q = min(coefficient * x^-exponent, most), or the function `read_noise` where `coefficient` is 0
/// xi: standard normal deviates, one for each device and use.
struct device_model {
  double g_max;
  double t0;      ///< when the first read takes place, after programming
  double t_read;  ///< of one read
  double programming[4];
  log_then_polynomial exponent_mean, exponent_deviation;
  double read_coefficient, read_exponent, read_most;
  log_then_polynomial read_noise;
  // Factors of what the formulas give: 0 turns an effect off.
  double programming_scale = 1, drift_scale = 1, read_scale = 1;
};

/// As the public library aihwkit 1.1.0 computes its PCMLikeNoiseModel (a million devices of a doped Ge2Sb2Te5 array:
/// Nandakumar et al., ICECS 2019; Joshi et al., Nature Communications 11, 2020).
device_model pcm_like_devices();

/// Unit cells of the 14 nm HERMES project chip, two devices to each side of a weight (Le Gallo et al., Nature
/// Electronics 2023; coefficients as in aihwkit's HermesNoiseModel).
device_model hermes_devices();

}  // namespace ohmic::pcm
