/// The chip's side of drift compensation.
#ifndef OHMIC_DATAFLOW_CALIBRATION_H
#define OHMIC_DATAFLOW_CALIBRATION_H

#include "sw/deployment/calibration.h"
#include "sw/deployment/deployment.h"

/// Reads the crossbar of this cluster and scales the ADC of every IMA step of the deployment. Core 0 calls it before
/// executor_setup(), while the other cores wait for work. Leaves what was found in cluster_control.ARGUMENT.
void calibrate(const ohmic_deployment* d, const ohmic_calibration* c);

#endif
