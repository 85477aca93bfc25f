"""Each layer by itself against onnxruntime: fed with onnxruntime's own int8 inputs, the exact form must give its outputs."""

import unittest

import built_models
import numpy as np
import onnx
import onnxruntime
from ohmic_models import integer_model, integer_reference, photographs
from onnx import TensorProto, helper

_ALLOWED = 1e-5  # share of elements that may differ, by one LSB


class LayersAgainstOnnxruntime(unittest.TestCase):
    def test_resnet_tiny(self):
        self.compare("resnet_tiny", "photos48")

    def test_resnet18_where_it_is_built(self):
        if not (built_models.CACHE / "models" / "resnet18").is_dir():
            self.skipTest("resnet18 is not built (scripts/run builds it)")
        self.compare("resnet18", "photos", images=4)

    def compare(self, name: str, images_folder: str, images: int | None = None) -> None:
        folder = built_models.folder(name)
        model = integer_model.load(folder / f"{name}.onnx")
        document = onnx.load(folder / f"{name}.onnx")
        for tensor in [model.source, *(layer.output for layer in model.layers[:-1])]:
            document.graph.output.append(helper.make_tensor_value_info(tensor, TensorProto.INT8, None))
        _, pixels = photographs.read_folder(folder / images_folder, model.size)
        real = integer_reference.real_pixels(model, pixels[:images]).transpose(0, 3, 1, 2)
        session = onnxruntime.InferenceSession(document.SerializeToString(), providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        values = dict(zip(names, session.run(None, {"image": real}), strict=True))
        values = {key: self.channels_last(value) for key, value in values.items()}

        np.testing.assert_array_equal(values[model.source], integer_reference.quantise_pixels(model, pixels[:images]))
        different = elements = 0
        for layer in model.layers[:-1]:
            y = integer_reference.exact_layer(layer, [values[i] for i in layer.inputs])
            gap = np.abs(y.astype(int) - values[layer.output].reshape(y.shape))
            self.assertLessEqual(gap.max(), 1, f"{layer.name}: more than one LSB")
            if layer.op == "MaxPool":
                self.assertEqual(gap.max(), 0, "max-pool is exact")
            different, elements = different + int((gap > 0).sum()), elements + gap.size
        share = different / elements
        print(f"{name}: {different} of {elements} elements differ by one LSB ({share:.1e})")
        self.assertLess(share, _ALLOWED)

        last = model.layers[-1]
        logits = integer_reference.exact_layer(last, [values[last.inputs[0]].reshape(len(real), -1)])
        scale = float(last.input_scales[0]) * last.weight_scales.astype(np.float64)
        np.testing.assert_allclose(logits.reshape(len(real), -1) * scale, values["logits"], atol=1e-4)

    @staticmethod
    def channels_last(value: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(value.transpose(0, 2, 3, 1)) if value.ndim == 4 else value


if __name__ == "__main__":
    unittest.main()
